import { loadSigner } from '../src/index.js'
import { KEY_NAMES, type Stage } from './stage.js'
import { table } from './table.js'

/** Signatures of a string to sign per second, by key type, one after the other. */
export async function signatures(stage: Stage, quick: boolean): Promise<string> {
  const text = Buffer.alloc(160, 'a')
  const rates: { readonly name: string; readonly rate: number }[] = []
  for (const name of KEY_NAMES) {
    const [, certificate = '', , privateKey = ''] = stage.identity(name)
    const signer = await loadSigner({ certificate, privateKey })
    const startMs = performance.now()
    const endMs = startMs + (quick ? 500 : 2000)
    let count = 0
    for (; performance.now() < endMs; count++) await signer.sign(text)
    rates.push({ name, rate: (count * 1000) / (performance.now() - startMs) })
  }
  const base = rates[0]?.rate ?? Number.NaN
  return `Signatures\n\n${table(
    ['key', 'per second', 'times ec-p256'],
    rates.map(({ name, rate }) => [name, rate.toFixed(0), (rate / base).toFixed(3)]),
  )}`
}
