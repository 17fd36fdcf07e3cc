/** The list of phones. */

import { plainText } from './bubble.js'
import { DAY_MS, now } from './clock.js'
import { actionButton, arrange, element, ui, wallClock } from './dom.js'
import { state } from './state.js'

/** Rows that are drawn at once; with thousands of customers people search. */
const ROWS = 60
/** The shortest number that is worth trying as an unknown phone. */
const PHONE_DIGITS = 9

export const ROLES = {
  owner: 'pemilik',
  admin: 'admin',
  collector: 'penagih',
  technician: 'teknisi',
  viewer: 'pengawas',
  customer: 'pelanggan',
  stranger: 'nomor lain',
}

let shown = ROWS
const rows = new Map()

export const localPhone = (phone) => phone.replace(/^62/, '0')

/** Who holds a phone; one that the program does not know is a stranger's. */
export function personOf(phone) {
  return state.byPhone.get(phone) ?? { phone, role: 'stranger', name: localPhone(phone) }
}

/** Sets the first letters of a name, and a colour that stays with the phone. */
export function paintAvatar(avatar, { phone, name }) {
  const words = name.split(/[^\p{L}\p{N}]+/u).filter(Boolean)
  avatar.textContent = words
    .slice(0, 2)
    .map((word) => word[0].toUpperCase())
    .join('')
  avatar.style.setProperty('--hue', (Number(phone.slice(-4)) * 47) % 360)
}

export function drawContacts() {
  const wanted = ui.search.value.trim().toLowerCase()
  const digits = wanted.replace(/\D/g, '').replace(/^(62|0)/, '')
  const fits = ({ name, phone }) =>
    !wanted || name.toLowerCase().includes(wanted) || (digits.length > 2 && phone.includes(digits))
  const strangers = [...state.last.keys()].filter((phone) => !state.byPhone.has(phone)).map(personOf)
  const people = [...state.phones, ...strangers].filter(fits)
  const isStaff = ({ role }) => role !== 'customer' && role !== 'stranger'
  const newest = ({ phone }) => state.last.get(phone)?.id ?? 0
  const customers = people.filter((person) => !isStaff(person)).sort((a, b) => newest(b) - newest(a))
  drawList('staff', people.filter(isStaff))
  drawList('customers', customers.slice(0, shown))
  ui.count.textContent = customers.length ? `(${customers.length.toLocaleString('id-ID')})` : ''
  actionButton('more').hidden = customers.length <= shown
  drawHint(people.length === 0, customers.length === 0, wanted, digits)
  const unread = [...state.unread.values()].reduce((sum, count) => sum + count, 0)
  document.title = unread ? `(${unread}) Simulator Tagih` : 'Simulator Tagih'
}

function drawList(name, people) {
  const list = document.querySelector(`[data-list=${name}]`)
  list.previousElementSibling.hidden = people.length === 0
  arrange(list, people.map(drawRow))
}

function drawHint(isEmpty, hasNoCustomers, wanted, digits) {
  ui['list-empty'].hidden = !isEmpty && (!hasNoCustomers || Boolean(wanted))
  const unknown = `62${digits}`
  if (!wanted)
    ui['list-empty'].textContent = 'Belum ada pelanggan. Kirim daftarnya dari HP pemilik; contohnya di tombol +.'
  else if (digits.length < PHONE_DIGITS) ui['list-empty'].textContent = 'Tidak ada yang cocok.'
  else
    ui['list-empty'].replaceChildren(
      'Nomor ini belum dikenal. ',
      element('a', { href: `#${unknown}` }, `Pakai HP ${localPhone(unknown)}`),
    )
}

/** Shows more rows, or with nothing the first ones again. */
export function showRows(more) {
  shown = more ? shown + ROWS : ROWS
  drawContacts()
}

function drawRow(person) {
  const { phone, name, role } = person
  const row =
    rows.get(phone) ?? element('li', {}, element('a', { href: `#${phone}`, class: 'row', 'data-phone': phone }))
  rows.set(phone, row)
  const last = state.last.get(phone)
  const unread = state.unread.get(phone) ?? 0
  const when = last ? whenOf(last.at) : ''
  const key = JSON.stringify([name, role, last?.id, when, unread, phone === state.open])
  if (row.dataset.key === key) return row
  row.dataset.key = key
  const link = row.firstChild
  const avatar = element('span', { class: 'avatar', 'aria-hidden': 'true' })
  paintAvatar(avatar, person)
  const tag = unread
    ? element('span', { class: 'badge', 'aria-label': `${unread} belum dibaca` }, String(unread))
    : element('span', { class: 'role' }, role === 'customer' ? '' : ROLES[role])
  Object.assign(link.dataset, { role, unread })
  link.ariaCurrent = phone === state.open ? 'true' : null
  link.replaceChildren(
    avatar,
    element('span', { class: 'name' }, name),
    element('span', { class: 'when' }, when),
    element('span', { class: 'preview' }, last ? plainText(last) : localPhone(phone)),
    tag,
  )
  return row
}

function whenOf(at) {
  const { day, time, short } = wallClock(at)
  if (day === wallClock(now()).day) return time
  return day === wallClock(now() - DAY_MS).day ? 'Kemarin' : short
}
