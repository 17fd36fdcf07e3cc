/** Small helpers around the document. */

/** The elements of the page by their `data-…` hook: `ui.log` is `[data-log]`. */
export const ui = new Proxy({}, { get: (found, name) => (found[name] ??= document.querySelector(`[data-${name}]`)) })

export const actionButton = (name) => document.querySelector(`[data-action=${name}]`)

/** An element with attributes and children; `undefined` and `false` among them are left out. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined) made.setAttribute(name, value)
  made.append(...children.filter((child) => child !== undefined && child !== false))
  return made
}

/** A sign of the page's sprite; with a label it speaks for itself. */
export function icon(name, label) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg')
  const use = document.createElementNS('http://www.w3.org/2000/svg', 'use')
  use.setAttribute('href', `#icon-${name}`)
  svg.append(use)
  svg.setAttribute('class', `icon-${name}`)
  svg.setAttribute(...(label ? ['aria-label', label] : ['aria-hidden', 'true']))
  if (label) svg.setAttribute('role', 'img')
  return svg
}

/** Makes `nodes` the children of a list, in order, and touches only those that came, went or moved. */
export function arrange(list, nodes) {
  const focused = document.activeElement
  const wanted = new Set(nodes)
  for (const child of [...list.children]) if (!wanted.has(child)) child.remove()
  nodes.forEach((node, index) => {
    if (list.children[index] !== node) list.insertBefore(node, list.children[index] ?? null)
  })
  if (focused !== document.activeElement && focused?.isConnected) focused.focus({ preventScroll: true })
}

const TOAST_MS = 9000
let hiding

/** Tells something for a few seconds, longer while it is pointed at. */
export function tell(...nodes) {
  ui['toast-text'].replaceChildren(...nodes)
  ui.toast.hidden = false
  clearTimeout(hiding)
  hiding = setTimeout(() => {
    ui.toast.hidden = !ui.toast.matches(':hover, :focus-within')
  }, TOAST_MS)
}

const format = new Intl.DateTimeFormat('id-ID', {
  timeZone: document.body.dataset.zone,
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
})

/** A moment on the business's wall clock: `{day: 'Sen, 23 Nov 2026', time: '09.05', short: '23 Nov'}`. */
export function wallClock(at) {
  const parts = Object.fromEntries(format.formatToParts(new Date(at)).map(({ type, value }) => [type, value]))
  const short = `${parts.day} ${parts.month}`
  return { day: `${parts.weekday}, ${short} ${parts.year}`, time: `${parts.hour}.${parts.minute}`, short }
}

/** `Sen, 23 Nov 2026 09.05` */
export function momentOf(at) {
  const { day, time } = wallClock(at)
  return `${day} ${time}`
}
