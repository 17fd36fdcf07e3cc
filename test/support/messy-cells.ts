/** The ways in which people write what a customer list holds. */

export type Value = string | number | Date | null

/** Numbers that look random and are the same every time (mulberry32). */
export function dice(seed: number) {
  let state = seed
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
  const below = (limit: number) => Math.floor(next() * limit)
  return {
    below,
    pick: <T>(values: readonly T[]): T => values[below(values.length)] as T,
    shuffle<T>(values: readonly T[]): T[] {
      const all = [...values]
      for (let at = all.length - 1; at > 0; at--) {
        const other = below(at + 1)
        const kept = all[at] as T
        all[at] = all[other] as T
        all[other] = kept
      }
      return all
    },
  }
}

export type Dice = ReturnType<typeof dice>

export function date(year: number, month: number, day: number): Date {
  return new Date(Date.UTC(year, month - 1, day))
}

export function writePhone(digits: string, index: number, random: Dice): { cell: Value; phones: string[] } {
  const [a, b, c] = [digits.slice(0, 3), digits.slice(3, 6), digits.slice(6)]
  const second = `8130${String(2_000_000 + index)}`
  const other = String(Number(digits) + 1)
  const one = (cell: Value) => ({ cell, phones: [digits] })
  const two = (cell: Value, next = second) => ({ cell, phones: [digits, next] })
  return random.pick([
    () => one(`0${digits}`),
    () => one(Number(digits)),
    () => one(Number(`62${digits}`)),
    () => one(`+62 ${a}-${b}-${c}`),
    () => one(`(+62) ${a} ${b} ${c}`),
    () => one(`62${digits}`),
    () => one(`0${a}.${b}.${c}`),
    () => one(`0${a}_${b}_${c}`),
    () => one(`(0${a}) ${b}${c}`),
    () => one(`'0${digits}`),
    () => one(` 0${digits} `),
    () => one(`WA: 0${digits}`),
    () => one(`0${digits} (istri)`),
    () => one(`0${digits} a/n Pak RT`),
    () => one(`https://wa.me/62${digits}`),
    () => one(`\u202a+62 ${a}\u2011${b}\u2011${c}\u202c`),
    () => one(`0${digits}.0`),
    () => one(`0${digits}, 0${digits}`),
    () => two(`0${digits} / 0${second}`),
    () => two(`0${digits} 0${second}`),
    () => two(`0${digits}\n0${second}`),
    () => two(`0${digits}; +62 ${second}`),
    () => two(`0${digits} atau 0${second}`),
    () => two(`hp 0${digits} wa 0${second}`),
    () => two(`0${digits}/${other.slice(-2)}`, other),
    () => ({ cell: random.pick(['-', '', 'tidak ada', 'belum punya', '?']), phones: [] }),
  ])()
}

export function writePrice(price: number, random: Dice): { cell: Value; means: number } {
  const dotted = String(price).replace(/\B(?=(\d{3})+$)/g, '.')
  const thousands = price / 1_000
  const cell = random.pick<Value>([
    price,
    String(price),
    dotted,
    `Rp${dotted}`,
    `Rp ${dotted},-`,
    `Rp. ${dotted},00`,
    `Rp.${dotted}.-`,
    `${thousands}rb`,
    `${thousands} ribu`,
    `${thousands}k`,
    `${thousands}rb/bln`,
    `${dotted} per bulan`,
    `${thousands} 000`,
    dotted.replace('.', ','),
    `${price}.00`,
    `${thousands}.OOO`,
    // A typed "110.000" that an English sheet program took for a fraction.
    thousands,
    null,
    'gratis',
  ])
  return { cell, means: cell === 'gratis' ? 0 : price }
}

export function writeDay(day: number, random: Dice): Value {
  const two = String(day).padStart(2, '0')
  const coming = date(2026, 12, day)
  const serial = Math.round(coming.getTime() / 86_400_000) + 25_569
  return random.pick<Value>([
    day,
    String(day),
    two,
    `tgl ${day}`,
    `Tgl. ${two}`,
    `tgl${day}`,
    `Tiap tanggal ${day}`,
    `setiap tgl ${day}`,
    `${day} tiap bulan`,
    `${day}/bln`,
    `JT ${day}`,
    `tgl ${day} ya`,
    `${day} (${day === 31 ? 'akhir bulan' : 'tetap'})`,
    coming,
    serial,
    String(serial),
    `${two}/12/2026`,
    `${day} Desember 2026`,
    `${day}-Des-26`,
    `2026-12-${two}`,
    `Dec ${day}, 2026`,
    `${two}/12/2026 00:00:00`,
    ...(day === 31 ? ['akhir bulan', 'akhir'] : []),
  ])
}

type Remark = { cell: Value; status: 'active' | 'paused' | 'stopped'; debt?: number; free?: true }

/** The remark of a row. Months are those before the first invoice, which is never due before 24 November 2026. */
export function writeRemark(price: number, random: Dice): Remark {
  const active = (cell: Value) => ({ cell, status: 'active' as const })
  const owes = (cell: string, debt: number) => ({ ...active(cell), debt })
  return random.pick<() => Remark>([
    () => active(null),
    () => active('bayar di warung'),
    () => active('=1+1'),
    () => active('lunas'),
    () => active('stop kontak rusak'),
    () => active('tidak nunggak'),
    () => active('sering telat'),
    () => active('hutang lunas'),
    () => ({ cell: random.pick(['OFF', 'berhenti', 'non aktif', 'sudah dicabut', 'off per okt']), status: 'stopped' }),
    () => ({ cell: random.pick(['cuti', 'libur', 'off sementara', 'cuti s/d maret']), status: 'paused' }),
    () => ({ cell: random.pick(['gratis', 'GRATIS (Pak RT)']), status: 'active', free: true }),
    () => owes('nunggak 2 bln', 2 * price),
    () => owes('hutang 3 bulan, rumah pojok', 3 * price),
    () => owes('belum bayar sept, okt', 2 * price),
    () => owes('nunggak agustus - oktober', 3 * price),
    () => owes('kurang 50rb', 50_000),
    () => owes('tunggakan: Rp 300.000,-', 300_000),
    () => owes('nunggak 3 bln (450rb)', 450_000),
    () => owes('sisa utang 75.000', 75_000),
  ])()
}
