import { statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { takeBackup } from '../domain/backup.ts'
import { StartError } from '../domain/database.ts'
import { formatCount } from '../domain/money.ts'
import { openBackupDir, type Settings } from '../settings.ts'
import { runTool, withDatabase } from './tool.ts'

/** `npm run backup [-- --to FOLDER_OR_FILE]`: everything of all businesses into one file, at any time. */
await runTool(async (settings) => {
  const to = readTo()
  const now = Temporal.Now.instant()
  const file = chooseFile(settings, to, now)
  const taken = await withDatabase(settings, { make: false }, (url) =>
    takeBackup(url, file, { now, key: settings.BACKUP_KEY }),
  )
  const megabytes = (taken.bytes / 1_000_000).toFixed(1).replace('.', ',')
  console.log(
    `✓ Cadangan dibuat: ${taken.file} (${megabytes} MB, ${formatCount(taken.businesses)} usaha, ${formatCount(taken.rows)} baris).`,
  )
  const key = settings.SECRET_KEY ? 'SECRET_KEY' : `SECRET_KEY (${join(resolve(settings.DATA_DIR), 'secret.key')})`
  console.log(
    `${key} tidak ada di dalamnya: simpan sendiri di tempat lain. Tanpa itu token Fonnte dan kunci Midtrans harus diisi ulang.`,
  )
  console.log(
    settings.BACKUP_KEY
      ? 'Isinya terenkripsi dengan BACKUP_KEY: tanpa kunci itu cadangan ini tidak bisa dibuka oleh siapa pun.'
      : 'Isinya tidak terenkripsi: nama, nomor HP dan tagihan pelanggan bisa dibaca. Isi BACKUP_KEY untuk mengunci.',
  )
  return 0
})

function readTo(): string | undefined {
  try {
    return parseArgs({ options: { to: { type: 'string' } } }).values.to
  } catch {
    throw new StartError('Cara pakai: npm run backup [-- --to FOLDER_ATAU_FILE]')
  }
}

function chooseFile(settings: Settings, to: string | undefined, now: Temporal.Instant): string {
  const time = now.toZonedDateTimeISO(Temporal.Now.timeZoneId())
  const stamp = `${time.toPlainDate()}-${time.toPlainTime().toString().slice(0, 8).replaceAll(':', '')}`
  const name = `tagih-${stamp}.tar${settings.BACKUP_KEY ? '.aes' : ''}`
  if (to === undefined) return join(openBackupDir(settings), name)
  const path = resolve(to)
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ? join(path, name) : path
}
