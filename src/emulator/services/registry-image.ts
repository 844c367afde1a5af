import type { Repository } from '../state/model.js'
import { sha256Hex } from '../http/canonical.js'

/** A piece of an image as the registry stores it, under the digest of its bytes. */
export interface Content {
  readonly mediaType: string
  readonly digest: string
  readonly bytes: Buffer
}

/** What all tags of a repository lead to. */
export interface Image {
  readonly manifest: Content
  /** The configuration, then the layer. */
  readonly blobs: readonly Content[]
}

const OCI = 'application/vnd.oci.image'

/** How images name the processors that Node has a name of its own for. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' }

/**
 * The image of a repository: one layer with one file, `image.txt`, that says whose image it is. It is
 * made the same each time, so its digest stays. It has nothing to run.
 *
 * @see https://github.com/opencontainers/image-spec/blob/main/manifest.md
 * @see https://github.com/opencontainers/image-spec/blob/main/config.md
 */
export function imageOf({ account, region, name }: Repository): Image {
  const text = `image of ${name}, account ${account}, region ${region}\n`
  const layer = content(`${OCI}.layer.v1.tar`, tarOf('image.txt', Buffer.from(text)))
  const config = json(`${OCI}.config.v1+json`, {
    created: '2026-01-01T00:00:00Z',
    architecture: ARCHITECTURES[process.arch] ?? process.arch,
    os: 'linux',
    config: {},
    rootfs: { type: 'layers', diff_ids: [layer.digest] },
  })
  const manifest = json(`${OCI}.manifest.v1+json`, {
    schemaVersion: 2,
    mediaType: `${OCI}.manifest.v1+json`,
    config: descriptor(config),
    layers: [descriptor(layer)],
  })
  return { manifest, blobs: [config, layer] }
}

const content = (mediaType: string, bytes: Buffer): Content => ({
  ...{ mediaType, bytes },
  digest: `sha256:${sha256Hex(bytes)}`,
})

const json = (mediaType: string, value: unknown): Content =>
  content(mediaType, Buffer.from(JSON.stringify(value)))

const descriptor = ({ mediaType, digest, bytes }: Content): object => ({
  ...{ mediaType, digest, size: bytes.length },
})

const BLOCK = 512

/**
 * An archive of one file that everybody may read, in the format of POSIX.
 *
 * @see https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html "ustar Interchange Format"
 */
function tarOf(name: string, file: Buffer): Buffer {
  const octal = (value: number, width: number): string =>
    `${value.toString(8).padStart(width - 1, '0')}\0`
  const fields = [
    name.padEnd(100, '\0'),
    // Mode, owner, group, size, time.
    ...[octal(0o644, 8), octal(0, 8), octal(0, 8), octal(file.length, 12), octal(0, 12)],
  ].join('')
  // The sum is taken with spaces in its own place.
  const header = `${fields}        0${'\0'.repeat(100)}ustar\x0000`.padEnd(BLOCK, '\0')
  const sum = Buffer.from(header).reduce((total, byte) => total + byte, 0)
  const start = fields.length
  const summed = `${header.slice(0, start)}${octal(sum, 7)} ${header.slice(start + 8)}`
  const padding = Buffer.alloc((BLOCK - (file.length % BLOCK)) % BLOCK)
  return Buffer.concat([Buffer.from(summed), file, padding, Buffer.alloc(2 * BLOCK)])
}
