import { z } from 'zod'
import { editBusiness } from '../../domain/business.ts'
import { warnOwners } from '../../domain/owner.ts'
import type { Panel } from '../page.ts'
import { line } from './fields.ts'
import { OWNER } from './places.ts'

/** The account that customers pay into by transfer, as it stands on their bills. */
export function bankPage(panel: Panel): void {
  panel.form({
    path: '/panel/rekening',
    title: 'Rekening',
    view: 'bank',
    roles: OWNER,
    act: 'business.bank',
    fields: z.object({
      account: line(80).refine(
        (text) => text === '' || /\d{6,}/.test(text.replace(/[\s.-]/g, '')),
        'Nomor rekeningnya belum ada. Contoh: BCA 0123456789 a.n. Joko.',
      ),
    }),
    show: async ({ business }) => ({ values: { account: business.bank_account ?? '' } }),
    async save(books, { by }, { account }) {
      const before = books.business.bank_account
      await editBusiness(books, { bank_account: account || null })
      // The oldest fraud there is: somebody else's account on the bills.
      if (before !== null && before !== (account || null)) await warnOwners(books, 'Rekening di tagihan diganti', by)
      return { facts: { before, after: account || null } }
    },
  })
}
