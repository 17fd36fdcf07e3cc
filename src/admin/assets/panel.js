// Nothing here is needed: every page works without it. It saves a press or a reload.

/** How long somebody may go on typing before the example follows. */
const TYPING_MS = 200
/** How often a page looks whether the phone has done something. */
const WATCH_MS = 2_000

const read = async (url) => {
  const response = await fetch(url)
  if (!response.ok || response.redirected) throw new Error(`${response.status}`)
  return response.json()
}

for (const button of document.querySelectorAll('[data-copy]')) {
  const input = document.getElementById(button.dataset.copy)
  const name = button.textContent
  button.hidden = !navigator.clipboard
  button.addEventListener('click', async () => {
    input.select()
    await navigator.clipboard.writeText(input.value)
    button.textContent = input.dataset.copied
    setTimeout(() => {
      button.textContent = name
    }, TYPING_MS * 10)
  })
  input.addEventListener('focus', () => input.select())
}

for (const example of document.querySelectorAll('[data-example]')) {
  const { months, leadDays } = example.form.elements
  let timer
  let asked = 0
  const show = async () => {
    const turn = ++asked
    const query = new URLSearchParams({ terbit: leadDays.value, bulan: months?.value ?? '1' })
    const { text } = await read(`${example.dataset.example}?${query}`)
    // A slow answer to an older question must not replace the newer one.
    if (turn === asked) example.textContent = text
  }
  example.form.addEventListener('input', () => {
    clearTimeout(timer)
    timer = setTimeout(() => show().catch(() => {}), TYPING_MS)
  })
}

for (const status of document.querySelectorAll('[data-status]')) {
  read(status.dataset.status).then(
    ({ text }) => {
      status.textContent = text
    },
    () => {},
  )
}

for (const place of document.querySelectorAll('[data-watch]')) {
  const picture = place.querySelector('.qr')
  let { mark } = place.dataset
  const look = async () => {
    const next = (await read(place.dataset.watch).catch(() => ({ mark }))).mark
    // A new code is a new picture; anything else is a new page.
    if (next !== mark && !(picture && next.startsWith('qr'))) return location.replace(location.href)
    if (next !== mark) picture.src = picture.src.replace(/\?.*/, `?${next}`)
    mark = next
    setTimeout(look, WATCH_MS)
  }
  setTimeout(look, WATCH_MS)
}

// Two presses are one form all the same; this only shows that the first one counted.
for (const form of document.forms)
  form.addEventListener('submit', () => {
    setTimeout(() => {
      for (const button of form.querySelectorAll('button')) button.disabled = true
    })
  })
addEventListener('pageshow', () => {
  for (const button of document.querySelectorAll('button')) button.disabled = false
})
