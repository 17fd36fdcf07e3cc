/** What a column of an owner's sheet can hold. `rowNumber` counts rows and says nothing about the customer. */
export type Field =
  | 'rowNumber'
  | 'number'
  | 'name'
  | 'phone'
  | 'address'
  | 'area'
  | 'plan'
  | 'price'
  | 'due'
  | 'paidUntil'
  | 'paidMonth'
  | 'startedOn'
  | 'status'
  | 'debt'
  | 'email'
  | 'note'
  | 'ignored'

/**
 * Headings as owners write them, compared in lower case with all signs as spaces ("No. HP / WA" is "no hp wa").
 * The first line that fits decides, so the particular stand before the general: "Harga Paket" is a price,
 * "Nama Paket" a plan, "Biaya Pasang" neither.
 */
const HEADINGS: readonly (readonly [Field, RegExp])[] = [
  ['email', /^(alamat )?e ?mail\b|\bsurel\b/],
  [
    'ignored',
    /\b(biaya|harga|ongkos|uang|tarif)\b.*\b(pasang|pemasangan|instalasi|registrasi|aktivasi|psb|daftar|admin|alat)\b/,
  ],
  ['ignored', /^(denda|deposit|diskon|potongan|saldo|ppn|pajak)\b/],
  ['ignored', /\b(petugas|penagih|kolektor|sales|teknisi|rekening)\b/],
  ['ignored', /\b(ip|mac|sn|serial|onu|ont|modem|router|odp|odc|olt|pppoe|password|vlan|port|koordinat|maps)\b/],
  [
    'paidUntil',
    /\b(lunas|bayar|dibayar|terbayar|pembayaran|paid)\b.*\b(s d|sd|sampai|hingga|until)\b|^lunas( bulan)?$/,
  ],
  ['debt', /\b(tunggakan|nunggak|menunggak|h?utang|piutang|kurang bayar)\b|^(sisa|kurang)( tagihan| bayar)?$/],
  [
    'due',
    /\b(jatuh tempo|jth tempo|jatuhtempo|jt tempo|tempo|due)\b|\b(tgl|tanggal|batas|jadwal) (tagih|tagihan|penagihan|nagih|jt|jth)\b|^(jt|deadline|batas (bayar|pembayaran))$/,
  ],
  ['startedOn', /\b(mulai|sejak|gabung|bergabung|registrasi|aktivasi|join|start|psb|terdaftar)\b/],
  [
    'startedOn',
    /\b(tgl|tanggal|bulan|tahun) (pasang|pemasangan|instalasi|daftar|masuk|aktif|langganan|berlangganan)\b/,
  ],
  ['startedOn', /^(pasang|pemasangan|instalasi)$/],
  [
    'phone',
    /\b(hp|wa|whatsapp|whats app|telp|telpon|telepon|tlp|tlpn|phone|handphone|ponsel|kontak|contact|mobile|seluler)\b/,
  ],
  ['phone', /\b(nohp|nowa|notelp|notlp|hp\d|wa\d|telp\d)\b/],
  [
    'number',
    /\b(id|kode|no|nomor|nomer|nmr|number)\b.*\b(pelanggan|plg|plgn|pel|customer|cust|langganan|anggota|member|konsumen)\b/,
  ],
  ['number', /^(id|idpel|cid|kode|no id|nomor id|nopel|noplg|(pelanggan|customer|cust|plg) (id|no|kode))$/],
  ['status', /^(status|sts)( (pelanggan|plg|langganan|customer|akun|aktif|layanan|bayar|pembayaran|tagihan))?$/],
  ['status', /^(keaktifan|aktif|active)\b/],
  [
    'price',
    /\b(harga|hrg|tarif|iuran|abonemen|abodemen|biaya|price|bayaran)\b|^tagihan (per )?(bulan|bln|bulanan|sebulan)$/,
  ],
  ['plan', /\b(paket|pkt|layanan|produk|product|plan|package|bandwidth|kecepatan|speed|mbps|profil|profile|service)\b/],
  ['plan', /^(langganan|(jenis|tipe) (langganan|pelanggan)|jenis|kelas|tipe)$/],
  ['address', /\b(alamat|address|almt|lokasi|domisili|tempat tinggal)\b/],
  ['area', /\b(rt|rw|wilayah|dusun|dukuh|blok|block|area|kampung|desa|kelurahan|daerah|zona|cluster|klaster)\b/],
  ['area', /\b(lingkungan|banjar|kecamatan|perum|perumahan|komplek|kompleks|gang)\b/],
  ['name', /^(nama|name|nm)\b(?!.*\b(bank|panggilan|usaha)\b)/],
  [
    'name',
    /^(pelanggan|customer|customer name|full name|konsumen|anggota|warga|client|klien|penghuni|member|atas nama|a n|pemilik|user)$/,
  ],
  ['name', /^(kepala keluarga|kk)$/],
  ['note', /\b(ket|keterangan|catatan|note|notes|remark|remarks|memo)\b/],
]

/** Headings whose meaning only the cells below can tell, and what they could mean. */
const VAGUE: readonly (readonly [readonly Field[], RegExp])[] = [
  [['rowNumber', 'number', 'phone'], /^(no|nr|nomor|nomer|nmr|no urut|urut|num)$/],
  [['due', 'startedOn'], /^(tgl|tanggal|date)( (bayar|byr|pembayaran))?$/],
  [
    ['price', 'debt'],
    /^(total |jumlah |jml |nominal )?(tagihan|total|jumlah|jml|nominal|bulanan|rp|bayar|per bulan|setoran)$/,
  ],
  [
    ['due', 'paidUntil'],
    /^(masa (aktif|berlaku)|expired?( date)?|(aktif|berlaku|masa aktif|masa berlaku) (s d|sd|sampai|hingga))$/,
  ],
  [
    ['paidUntil', 'ignored'],
    /^((terakhir|terahir) (bayar|pembayaran|lunas)|(bayar|pembayaran|lunas) (terakhir|terahir))$/,
  ],
]

/** The column that we add to rows that go back; when they come again, it says nothing. */
export const REASON_HEADING = 'Kenapa belum masuk'

/** A longer text is a title or a note, not a heading. */
const LONGEST_HEADING = 50

/** A heading with all signs as spaces, in lower case. */
export function headingWords(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
}

/** What a heading can mean: one field, several for a vague one, none for anything else. */
export function fieldsOf(words: string): readonly Field[] {
  if (words === '' || words.length > LONGEST_HEADING) return []
  const vague = VAGUE.find(([, pattern]) => pattern.test(words))
  if (vague) return vague[0]
  const clear = HEADINGS.find(([, pattern]) => pattern.test(words))
  return clear ? [clear[0]] : []
}

const NAMES = HEADINGS.filter(([field]) => field === 'name')

/** Whether a heading may name the customer; quick, because every row of a sheet is asked. */
export function isNameHeading(words: string): boolean {
  return NAMES.some(([, pattern]) => pattern.test(words))
}
