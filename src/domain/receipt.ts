import { audit, type Books } from './books.ts'
import { boldName, findCustomer } from './customer.ts'
import { findInvoices } from './invoice.ts'
import { formatMethod, namePeriods, receiptLetter } from './letter.ts'
import { formatRupiah, rupiah, sum } from './money.ts'
import { type Applied, digitalToday, type GatewayStatus, isOurs } from './order.ts'
import { type NewMessage, queueMessages } from './outbox.ts'
import { listStaff } from './staff.ts'

/** Tells the customer and the owners what a digital payment did, in the transaction that recorded it. */
export async function announceApplied(books: Books, applied: Applied): Promise<void> {
  if (applied.outcome === 'paid') await announcePaid(books, applied)
  if (applied.outcome === 'differs') await announceDiffering(books, applied)
  if (applied.outcome === 'reversed') await announceReversed(books, applied)
}

async function announcePaid(books: Books, applied: Extract<Applied, { outcome: 'paid' }>): Promise<void> {
  const { business, today, now } = books
  const messages: NewMessage[] = []
  const [owners, paidToday, ...customers] = await Promise.all([
    listStaff(books, ['owner']),
    digitalToday(books),
    ...applied.recorded.map(({ customerId }) => findCustomer(books, customerId, { withdrawn: true })),
  ])
  for (const [at, recorded] of applied.recorded.entries()) {
    const customer = customers[at]
    if (!customer) continue
    const { method } = applied
    // Who is no customer any more gets no next bill: their money is kept, and a person gives it back (M16).
    const gone = recorded.credit > 0 && !(await findCustomer(books, customer.id))
    const receipt = { ...recorded, method, at: now, ...(gone && { credit: rupiah(0) }) }
    messages.push({
      phone: applied.order.phone,
      kind: 'receipt',
      customerId: customer.id,
      text: receiptLetter(business, customer, receipt, today),
    })
    const open = sum(recorded.invoices.map((invoice) => invoice.open))
    const what =
      recorded.invoices.length === 0
        ? ''
        : ` ${namePeriods(recorded.invoices, today)} ${open > 0 ? `sisa ${formatRupiah(open)}` : 'lunas'}.`
    const note = [
      `${recorded.credit > 0 ? '⚠️' : '✅'} *${formatRupiah(recorded.amount)}* dari ${boldName(customer)} lewat ${formatMethod(method)}.${what}`,
    ]
    // The same bill was paid twice, or was no longer there: the money is kept, and somebody must know (M15, M16).
    const billed =
      recorded.credit > 0
        ? await findInvoices(
            books,
            applied.lines.map((line) => line.invoiceId),
          )
        : []
    const voided = billed.some((invoice) => invoice.customerId === recorded.customerId && invoice.status === 'void')
    if (recorded.credit > 0)
      note.push(
        gone
          ? 'Pelanggan ini sudah ditarik dari daftar. Uangnya tercatat; kembalikan lewat dashboard Midtrans.'
          : `Tagihannya ${voided ? 'sudah ditarik' : 'sudah dibayar lebih dulu'}, jadi *${formatRupiah(recorded.credit)}* jadi saldo dan memotong tagihan berikutnya.`,
      )
    note.push(`Hari ini ${paidToday.count} pembayaran, ${formatRupiah(paidToday.amount)}.`)
    for (const owner of owners) messages.push({ phone: owner.phone, kind: 'note', text: note.join('\n') })
  }
  await queueMessages(books, messages)
}

/** Midtrans brought another amount than the order's: the owner decides (voice 23). */
async function announceDiffering(books: Books, applied: Extract<Applied, { outcome: 'differs' }>): Promise<void> {
  const { order, payment, lines, matter } = applied
  const invoices = await findInvoices(
    books,
    lines.map((line) => line.invoiceId),
  )
  const customer = await findCustomer(books, payment.customerId, { withdrawn: true })
  if (!customer) return
  const rest = order.amount - payment.amount
  const text = [
    `⚠️ *${formatRupiah(payment.amount)}* masuk dari ${boldName(customer)} lewat ${formatMethod(payment.method)}, tagihannya ${formatRupiah(order.amount)}. ${namePeriods(invoices, books.today)} *belum lunas*.`,
    'Uangnya aman dan belum saya masukkan ke tagihan.',
    rest > 0
      ? `Catat sebagai bayar sebagian, sisa ${formatRupiah(rupiah(rest))}? *ya ${matter}*`
      : `Catat sebagai lunas, lebihnya ${formatRupiah(rupiah(-rest))} jadi saldo? *ya ${matter}*`,
  ].join('\n')
  const owners = await listStaff(books, ['owner'])
  await queueMessages(
    books,
    owners.map(({ phone }) => ({ phone, kind: 'matter', text })),
  )
}

/**
 * Money for an order of ours that these books do not know: it was made after the backup they came back from. Nobody can
 * say whose it is but Midtrans' own list; the notification stays as a row, and the owner is told once.
 */
export async function announceUnknown(books: Books, orderId: string, status: GatewayStatus): Promise<void> {
  if (!isOurs(orderId) || status.amount === undefined) return
  const told = await books.trx
    .selectFrom('audit')
    .select('id')
    .where('business_id', '=', books.business.id)
    .where('act', '=', UNKNOWN)
    .where('subject', '=', `order:${orderId}`)
    .executeTakeFirst()
  if (told) return
  await audit(books, {
    actor: 'midtrans',
    act: UNKNOWN,
    subject: `order:${orderId}`,
    facts: { received: status.amount, transactionId: status.transactionId },
  })
  const text = [
    `⚠️ *${formatRupiah(status.amount)}* masuk lewat ${formatMethod(status.method)} untuk ${orderId}, yang tidak saya kenal. Belum saya catat.`,
    'Mungkin tautannya dibuat sesudah cadangan yang dipulihkan. Cari pembayarnya di dashboard Midtrans, lalu ketik *lunas* dengan nama dan jumlahnya.',
  ].join('\n')
  const owners = await listStaff(books, ['owner'])
  await queueMessages(
    books,
    owners.map(({ phone }) => ({ phone, kind: 'note', text })),
  )
}

/** Midtrans took back what it had called paid: the books keep it, and the owner must look (P16). */
async function announceReversed(books: Books, { order, lines }: Extract<Applied, { outcome: 'reversed' }>) {
  const names = [...new Set(lines.map(({ name }) => boldName({ name, area: null })))].join(', ')
  const text = [
    `⚠️ Midtrans menarik kembali *${formatRupiah(order.amount)}* dari ${names}.`,
    'Di Tagih pembayarannya masih tercatat. Cek di dashboard Midtrans, lalu tagih lagi bila perlu.',
  ].join('\n')
  const owners = await listStaff(books, ['owner'])
  await queueMessages(
    books,
    owners.map(({ phone }) => ({ phone, kind: 'note', text })),
  )
}

const UNKNOWN = 'order.unknown'
