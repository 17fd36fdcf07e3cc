import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { StartError } from '../domain/database.ts'
import { formatCount } from '../domain/money.ts'
import { inspectBackup, restoreBackup } from '../domain/restore.ts'
import { showFinding } from '../domain/verify.ts'
import { runTool, withDatabase } from './tool.ts'

/** `npm run restore -- FILE`: a backup into an empty `DATA_DIR` or an empty external database. */
await runTool(async (settings) => {
  const file = readFile()
  const key = settings.BACKUP_KEY
  // Before a folder or a database is made: a file that is no backup leaves nothing behind.
  await inspectBackup(file, key)
  const restored = await withDatabase(settings, { make: true }, (url) => restoreBackup(url, file, { key }))
  const { head, businesses, rows, findings } = restored
  const time = Temporal.Instant.from(head.takenAt).toZonedDateTimeISO(Temporal.Now.timeZoneId())
  console.log(
    `✓ Dipulihkan: ${formatCount(businesses)} usaha, ${formatCount(rows)} baris, dari cadangan ${time.toPlainDate()} ${time.toPlainTime().toString().slice(0, 5)} (Tagih ${head.version}).`,
  )
  const wrong = findings.filter((finding) => finding.wrong > 0)
  if (wrong.length === 0) console.log(`✓ Diperiksa: ${findings.length} pemeriksaan, semuanya cocok.`)
  for (const finding of wrong) console.log(showFinding(finding))
  console.log(
    'Tagihan belum dikirim lagi sebelum pemilik menjawab di chat: sesudah program jalan, bot bertanya dan menyebut berapa pelanggan yang mungkin sudah ditagih.',
  )
  console.log(
    'SECRET_KEY tidak ada di cadangan: isi yang lama; kalau hilang, isi ulang token Fonnte dan kunci Midtrans.',
  )
  console.log('Nomor WhatsApp bot perlu disambungkan lagi di panel, dan semua orang masuk panel lagi.')
  return wrong.length === 0 ? 0 : 1
})

function readFile(): string {
  const { positionals } = parseArgs({ allowPositionals: true, strict: false })
  const [file] = positionals
  if (!file || positionals.length > 1) throw new StartError('Cara pakai: npm run restore -- FILE')
  return resolve(file)
}
