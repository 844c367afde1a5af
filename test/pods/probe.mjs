// Runs in a container of the pod, on its own node, and looks for a way to the private key or to
// credentials. Prints what it found as one line of JSON.
import { closeSync, lstatSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs'

const SKIPPED = new Set(['/proc', '/sys', '/dev'])
const keys = []
const seen = { files: 0 }

/** Every file that this user can open, and whether it is a private key in PEM. */
function search(folder) {
  let names = []
  try {
    names = readdirSync(folder)
  } catch {
    return
  }
  for (const name of names) {
    const path = `${folder === '/' ? '' : folder}/${name}`
    if (SKIPPED.has(path)) continue
    const stat = lstatSync(path, { throwIfNoEntry: false })
    if (stat?.isDirectory()) search(path)
    else if (stat?.isFile() && holdsKey(path)) keys.push(path)
  }
}

function holdsKey(path) {
  let file
  try {
    file = openSync(path, 'r')
    const start = Buffer.alloc(64)
    readSync(file, start, 0, start.length, 0)
    seen.files += 1
    return /^-----BEGIN (\w+ )*PRIVATE KEY-----/.test(start.toString('latin1'))
  } catch {
    return false
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

search('/')

// Processes of other containers would open /proc/PID/root, /proc/PID/environ and their descriptors.
const processes = readdirSync('/proc')
  .filter((name) => /^\d+$/.test(name))
  .map((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '))

async function ask(url, headers = {}) {
  try {
    const answer = await fetch(url, { headers, redirect: 'manual' })
    return { status: answer.status, text: await answer.text() }
  } catch (error) {
    return { status: 0, text: String(error) }
  }
}

const server = 'http://127.0.0.1:9911'
const health = 'http://127.0.0.1:9912'
const route = `${server}/v1/credentials`
const answers = {
  bare: await ask(route),
  wrong: await ask(route, { authorization: 'A'.repeat(43) }),
  // A server of files would be caught here, and a listener that tells more than health.
  outside: await ask(`${server}/..%2f..%2frun/rolesanywhere/identity/tls.key`),
  metadata: await ask(`${server}/latest/meta-data/iam/security-credentials/`),
  healthz: await ask(`${health}/healthz`),
  healthCredentials: await ask(`${health}/v1/credentials`),
  healthMetrics: await ask(`${health}/metrics`),
}
const texts = Object.values(answers).map(({ text }) => text)
const tokenFile = process.env.AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE
let own = 0
if (tokenFile) {
  const { status, text } = await ask(route, { authorization: readFileSync(tokenFile, 'utf8') })
  own = status
  texts.push(text)
}
console.log(
  JSON.stringify({
    keys,
    enoughFiles: seen.files > 100,
    foreignProcesses: processes.filter((line) => line.includes('rolesanywhere')).length,
    told: texts.filter((text) => text.includes('PRIVATE KEY')).length,
    secretsWithoutToken: Object.values(answers).filter(({ text }) =>
      text.includes('SecretAccessKey'),
    ).length,
    statuses: Object.fromEntries(
      Object.entries(answers).map(([name, { status }]) => [name, status]),
    ),
    own,
  }),
)
