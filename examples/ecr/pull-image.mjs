import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

// Pulls an image with nothing but HTTP, to show what docker and others do with the password. It comes
// on standard input:
//
//   rolesanywhere ecr login-password | node pull-image.mjs HOST/NAME:TAG FOLDER
//
// The folder holds the manifest and the blobs that it names, afterwards; each layer is an archive.
const [, , image = '', folder = 'image'] = process.argv
const [, host, name, tag] = /^([^/]+)\/(.+):([\w.-]+)$/.exec(image) ?? []
if (!host) throw new Error(`"${image}" is not HOST/NAME:TAG`)

const password = (await text(process.stdin)).trim()
const headers = {
  authorization: `Basic ${Buffer.from(`AWS:${password}`).toString('base64')}`,
  accept:
    'application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json',
}
// As docker does: only a registry on this machine is asked without TLS.
const scheme = host.startsWith('127.0.0.1:') ? 'http' : 'https'

/** One answer of the registry. `fetch` follows it to where layers lie, and leaves the password behind. */
async function get(path) {
  const answer = await fetch(`${scheme}://${host}/v2/${name}/${path}`, { headers })
  const body = Buffer.from(await answer.arrayBuffer())
  if (!answer.ok) throw new Error(`${path}: status ${answer.status}, ${body}`)
  return body
}

const digestOf = (bytes) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`

await mkdir(folder, { recursive: true })
const manifest = await get(`manifests/${tag}`)
await writeFile(join(folder, 'manifest.json'), manifest)
const { config, layers } = JSON.parse(manifest.toString())
for (const { digest } of [config, ...layers]) {
  const blob = await get(`blobs/${digest}`)
  // Whoever changes a blob on its way cannot change what the manifest says of it.
  if (digestOf(blob) !== digest) throw new Error(`blob ${digest} is not what the manifest promises`)
  await writeFile(join(folder, digest.replace('sha256:', '')), blob)
}
console.log(`${name}:${tag} ${digestOf(manifest)}, layers: ${layers.length}`)
