import { Eta } from 'eta'

const eta = new Eta({ views: `${import.meta.dirname}/views`, cache: true, autoTrim: false })

/** What the frame around every page needs; the rest is for the page's own view. */
export type Frame = {
  title: string
  /** The business, where somebody is signed in. */
  business?: string
  /** Pages this person may go to. */
  nav?: readonly { path: string; title: string; here: boolean }[]
  [more: string]: unknown
}

/** Renders a view of `views/` in the frame of all pages. Every value is escaped; a test holds the views to that (S13). */
export function renderPage(view: string, frame: Frame): string {
  return eta.render('layout', { ...frame, body: eta.render(view, frame) })
}
