import type { Business } from './books.ts'
import type { Progress } from './broadcast.ts'
import { type Day, daysBetween, formatDay, formatPeriod, formatTime, isBefore, type Moment } from './calendar.ts'
import { showName } from './customer.ts'
import { greetName } from './greeting.ts'
import type { Invoice } from './invoice.ts'
import { formatCount, formatRupiah, type Rupiah, sum } from './money.ts'
import type { Method } from './tables.ts'

/**
 * The texts that customers get unasked: bill, receipt, correction. The same thing in the same words every time
 * (voice 15), signed by the business, which speaks as "kami".
 */

const METHODS: Record<Method, string> = {
  cash: 'tunai',
  transfer: 'transfer',
  qris: 'QRIS',
  va: 'virtual account',
  ewallet: 'e-wallet',
  midtrans: 'digital',
}

export function formatMethod(method: Method): string {
  return METHODS[method]
}

/** `Desember`, `November dan Desember`, `Oktober, November dan Desember`: the periods of invoices. */
export function namePeriods(invoices: readonly Invoice[], today: Day): string {
  const names = invoices.map((invoice) => namePeriod(invoice, today))
  return names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} dan ${names.at(-1)}`
}

/** `Desember`, or what a one-off invoice is for. */
export function namePeriod(invoice: Invoice, today: Day): string {
  return invoice.period ? formatPeriod(invoice.period, invoice.months, today) : invoice.planName
}

/** Names and texts from people's data cannot break the bold of a message. */
export function plain(text: string): string {
  return text.replace(/[*_~`]/g, '')
}

/** `jatuh tempo *20 Des 2026*`, with how late it is where it is (never the person: voice 5). */
function due(invoice: Invoice, today: Day): string {
  const late = daysBetween(invoice.dueOn, today)
  return `jatuh tempo *${formatDay(invoice.dueOn)}*${late > 0 ? `, lewat ${late} hari` : ''}`
}

/** Who a letter goes to; where several customers `shared` the phone it says whom it is about. */
type Addressee = { name: string; shared: boolean }

/** How many invoices one message lists; more would not be read, and the sum says it all. */
const LISTED = 6

/**
 * The bill message: every open invoice of one customer, with the sum (rules 34, voice 26).
 * @param invoices open ones, the oldest first, at least one
 */
export function billLetter(business: Business, customer: Addressee, invoices: readonly Invoice[], today: Day): string {
  const [only] = invoices
  const lines: string[] = []
  const whose = customer.shared ? [showName(customer.name)] : []
  if (invoices.length === 1 && only) {
    const part = only.paid > 0 ? ` (sisa dari ${formatRupiah(only.total)})` : ''
    lines.push(
      `Halo ${greetName(customer.name)}, tagihan ${plain(business.service)} ${plain(namePeriod(only, today))} *${formatRupiah(only.open)}*${part}, ${due(only, today)}.`,
      [...whose, plain(only.planName), only.number].join(' · '),
    )
  } else {
    const total = sum(invoices.map((invoice) => invoice.open))
    lines.push(
      `Halo ${greetName(customer.name)}, ada ${invoices.length} tagihan ${plain(business.service)}, semuanya *${formatRupiah(total)}*.`,
      ...whose,
      ...invoices
        .slice(0, LISTED)
        .map(
          (invoice, index) =>
            `${index + 1}. ${plain(namePeriod(invoice, today))} ${formatRupiah(invoice.open)} · ${due(invoice, today).replace(/\*/g, '')}`,
        ),
    )
    if (invoices.length > LISTED) lines.push(`dan ${invoices.length - LISTED} lagi`)
  }
  // An outage is ours, and the bill says so (rules 4).
  if (invoices.some((invoice) => isBefore(invoice.issueOn, invoice.issuedOn)))
    lines.push('Maaf, tagihan ini terlambat terbit.')
  lines.push(
    '',
    ...howToPay(business),
    `Pesan otomatis dari ${plain(business.name)}. Tidak mau dikirimi pesan? Balas *stop*`,
  )
  return lines.join('\n')
}

/** The pay line, always in these words, and the bank account where there is one (voice, Forms). */
export function howToPay(business: Business): string[] {
  const digital = takesDigital(business)
  const lines = [digital ? 'Balas *1* untuk bayar (QRIS, virtual account, e-wallet).' : 'Balas *1* untuk bayar.']
  if (business.bank_account)
    lines.push(
      digital
        ? `Transfer ke ${plain(business.bank_account)} juga bisa.`
        : `Transfer ke ${plain(business.bank_account)}.`,
    )
  return lines
}

/** Digital payment belongs to Paket Bisnis, and needs the business's own key. */
export function takesDigital(business: Business): boolean {
  return business.package === 'bisnis' && business.midtrans_key !== null
}

/** What a customer gets when money came in (voice 38). */
export function receiptLetter(
  business: Business,
  customer: Addressee,
  payment: { amount: Rupiah; method: Method; at: Moment; invoices: readonly Invoice[]; credit: Rupiah },
  today: Day,
): string {
  const { invoices, credit } = payment
  const open = sum(invoices.map((invoice) => invoice.open))
  const forWhat = invoices.length > 0 ? ` untuk tagihan ${plain(namePeriods(invoices, today))}` : ''
  const thanks =
    invoices.length === 0 || open > 0
      ? `Terima kasih ${greetName(customer.name)}.`
      : `Lunas, terima kasih ${greetName(customer.name)}.`
  const lines = [`✅ *${formatRupiah(payment.amount)}*${forWhat} sudah kami terima. ${thanks}`]
  if (open > 0) lines.push(`Sisa tagihan ${formatRupiah(open)}.`)
  if (credit > 0)
    lines.push(
      invoices.length > 0
        ? `Lebihnya ${formatRupiah(credit)} jadi saldo untuk tagihan berikutnya.`
        : 'Uangnya jadi saldo untuk tagihan berikutnya.',
    )
  const when = `${formatDay(payment.at.toZonedDateTimeISO(business.zone).toPlainDate())} ${formatTime(payment.at, business.zone)}`
  lines.push(
    [
      ...(customer.shared ? [showName(customer.name)] : []),
      ...invoices.slice(0, LISTED).map((invoice) => invoice.number),
      formatMethod(payment.method),
      when,
    ].join(' · '),
    plain(business.name),
  )
  return lines.join('\n')
}

/** What a customer gets when a payment, whose receipt they already have, was taken back. */
export function correctionLetter(
  business: Business,
  customer: { name: string },
  payment: { amount: Rupiah; invoices: readonly Invoice[] },
  today: Day,
): string {
  const open = sum(payment.invoices.map((invoice) => invoice.open))
  return [
    `Halo ${greetName(customer.name)}, ralat dari kami: *${formatRupiah(payment.amount)}* tadi salah catat, jadi kami tarik kembali.`,
    ...(payment.invoices.length > 0
      ? [`Tagihan ${plain(namePeriods(payment.invoices, today))} kembali belum lunas, ${formatRupiah(open)}.`]
      : []),
    plain(business.name),
  ].join('\n')
}

/** The owner's report when a broadcast is done (voice 4). */
export function broadcastReport(progress: Progress, at: Moment, zone: string): string {
  const { all, sent, failed, uncertain, cancelled } = progress
  const why = (status: string) => {
    const rows = progress.reasons
      .filter((row) => row.status === status)
      .sort((a, b) => b.count - a.count || a.reason.localeCompare(b.reason))
    return rows.map(({ reason, count }) => (rows.length > 1 ? `${formatCount(count)} ${reason}` : reason)).join(', ')
  }
  const lines = [
    `✅ Selesai ${formatTime(at, zone)}: *${formatCount(sent)}* dari ${formatCount(all)} tagihan terkirim.`,
  ]
  if (failed > 0) lines.push(`${formatCount(failed)} gagal: ${why('failed')}`)
  if (uncertain > 0) lines.push(`${formatCount(uncertain)} tidak pasti: ${why('uncertain')}, tidak saya ulang sendiri`)
  if (cancelled > 0) lines.push(`${formatCount(cancelled)} tidak jadi dikirim: ${why('cancelled')}`)
  if (failed + uncertain > 0) lines.push('Daftar namanya: *status pengiriman*')
  return lines.join('\n')
}

/** The owner's alarm when a broadcast cannot go on (voice 5). */
export function broadcastStopped(progress: Progress, reason: string): string {
  const left = progress.waiting > 0 ? `*${formatCount(progress.waiting)}* menunggu, ` : ''
  return [
    `⚠️ Pengiriman saya hentikan: *${formatCount(progress.sent)}* terkirim, ${left}tidak ada yang hilang.`,
    `Sebabnya: ${reason}.`,
    'Sudah beres? Ketik *lanjut kirim*',
  ].join('\n')
}

/** What the owner is asked when the data came back from a backup: what may be doubled, and how many (N19). */
export function restoredLetter(
  facts: {
    until: Moment | null
    customers: number
    total: Rupiah
    matter: number
    /** Nothing where the business takes no digital payment. */
    unasked: number | undefined
    sealed: boolean
  },
  zone: string,
): string {
  const { until, customers, total, matter, unasked, sealed } = facts
  const when = until
    ? `, isinya sampai *${formatDay(until.toZonedDateTimeISO(zone).toPlainDate())} ${formatTime(until, zone)}*`
    : ''
  const lines = [
    `⚠️ Data dipulihkan dari cadangan${when}. Tagihan belum saya kirim lagi.`,
    'Yang terjadi sesudah itu tidak ada di sini: catat ulang uang tunai, pelanggan baru dan perubahan harga.',
  ]
  if (sealed) lines.push('SECRET_KEY berbeda dari yang dulu: token Fonnte dan kunci Midtrans harus diisi ulang.')
  if (unasked !== undefined)
    lines.push(
      unasked > 0
        ? `Midtrans belum menjawab tentang ${formatCount(unasked)} percobaan bayar; yang sudah bayar bisa ikut ditagih.`
        : 'Midtrans sudah saya tanyai tentang semua percobaan bayar yang saya kenal. Yang lebih baru: cocokkan di dashboard Midtrans.',
    )
  if (customers > 0)
    lines.push(
      `*${formatCount(customers)} pelanggan*, ${formatRupiah(total)}, mungkin sudah ditagih sesudah cadangan itu.`,
      `Lanjut kirim, dan mereka saya anggap sudah ditagih? *ya ${matter}*`,
    )
  else lines.push(`Lanjut kirim? *ya ${matter}*`)
  return lines.join('\n')
}
