import type { Books } from '../../domain/books.ts'
import { PLACEHOLDER_NAME } from '../../domain/business.ts'
import { listPlans } from '../../domain/plan.ts'
import { findOwner } from '../../domain/staff.ts'
import type { Panel, Visit } from '../page.ts'
import { OFFICE, PAGES, PROOF, STEPS, type Step } from './places.ts'
import { findOwnerTrouble } from './proof.ts'

/** What each step is for, as the list of set-up says it. */
const TITLES: Record<Step, string> = {
  '/panel/usaha': 'Nama usaha dan zona waktu',
  '/panel/pemilik': 'Panggilan dan nomor pemilik',
  '/panel/paket/baru': 'Paket pertama',
  '/panel/rekening': 'Rekening di tagihan',
  '/panel/whatsapp': 'Nomor WhatsApp',
  '/panel/fonnte': 'Fonnte untuk kirim massal',
  '/panel/midtrans': 'Midtrans untuk bayar digital',
}

export function homePage(panel: Panel): void {
  panel.page('/panel', OFFICE, async (visit, reply) => {
    const { done, trouble } = await panel.openBooks(visit.business.id, async (books) => {
      const found = visit.role === 'owner' ? await findOwnerTrouble(books, visit) : undefined
      const all = await findDone(books, panel)
      return { trouble: found, done: found ? { ...all, '/panel/pemilik': false } : all }
    })
    const steps = STEPS.filter((path) => mayGo(visit, path)).map((path) => ({
      path: trouble && path === '/panel/pemilik' ? PROOF : done[path] ? placeOf(path) : `${path}?atur=1`,
      title: TITLES[path],
      done: done[path],
    }))
    return panel.render(
      reply,
      'home',
      {
        title: 'Ringkasan',
        path: '/panel',
        steps,
        doneCount: steps.filter((step) => step.done).length,
        next: steps.find((step) => !step.done),
        trouble,
        ready: visit.query.siap === '1',
        caller: visit.session.staff?.callName,
        places: PAGES.filter(({ path, roles }) => path !== '/panel' && roles.includes(visit.role)),
      },
      visit,
    )
  })
}

/** Nothing is remembered about set-up: a step is done when what it asks for is there, however it came. */
async function findDone(books: Books, { whatsapp }: Panel): Promise<Record<Step, boolean>> {
  const { business } = books
  return {
    '/panel/usaha': business.name !== PLACEHOLDER_NAME,
    '/panel/pemilik': (await findOwner(books)) !== undefined,
    '/panel/paket/baru': (await listPlans(books)).length > 0,
    '/panel/rekening': business.bank_account !== null,
    '/panel/whatsapp': ['open', 'connecting', 'elsewhere'].includes(whatsapp?.state(business.id).is ?? ''),
    '/panel/fonnte': business.fonnte_token !== null,
    '/panel/midtrans': business.midtrans_key !== null,
  }
}

function mayGo({ role }: Visit, path: Step): boolean {
  return PAGES.some((page) => placeOf(path) === page.path && page.roles.includes(role))
}

function placeOf(path: Step): string {
  return path === '/panel/paket/baru' ? '/panel/paket' : path
}
