import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

interface Descriptor {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
}

const OCI = 'application/vnd.oci.image'

/** What is in an image, in its top folder. */
export interface ImageFile {
  readonly name: string
  readonly content: Buffer
  /** What a container of it runs; without, it is there to be pulled. */
  readonly entrypoint?: readonly string[]
}

const HELLO: ImageFile = { name: 'hello.txt', content: Buffer.from('hello\n') }

/**
 * Writes an image with one file in it into an OCI layout: `skopeo copy oci:FOLDER:NAME` reads it.
 *
 * @see https://github.com/opencontainers/image-spec/blob/main/image-layout.md
 */
export async function writeImage(
  folder: string,
  name: string,
  file: ImageFile = HELLO,
): Promise<void> {
  const blobs = join(folder, 'blobs', 'sha256')
  await mkdir(blobs, { recursive: true })
  const put = async (mediaType: string, content: Buffer): Promise<Descriptor> => {
    const hash = createHash('sha256').update(content).digest('hex')
    await writeFile(join(blobs, hash), content)
    return { mediaType, digest: `sha256:${hash}`, size: content.length }
  }
  const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))
  const tar = tarOf(file)
  const diffId = `sha256:${createHash('sha256').update(tar).digest('hex')}`
  const layer = await put(`${OCI}.layer.v1.tar+gzip`, gzipSync(tar))
  const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64'
  const config = await put(
    `${OCI}.config.v1+json`,
    json({
      architecture,
      os: 'linux',
      ...(file.entrypoint && { config: { Entrypoint: file.entrypoint } }),
      rootfs: { type: 'layers', diff_ids: [diffId] },
    }),
  )
  const manifest = await put(
    `${OCI}.manifest.v1+json`,
    json({ schemaVersion: 2, mediaType: `${OCI}.manifest.v1+json`, config, layers: [layer] }),
  )
  const annotations = { 'org.opencontainers.image.ref.name': name }
  const index = { schemaVersion: 2, manifests: [{ ...manifest, annotations }] }
  await writeFile(join(folder, 'index.json'), json(index))
  await writeFile(join(folder, 'oci-layout'), json({ imageLayoutVersion: '1.0.0' }))
}

/** One file in the format of POSIX (ustar), which everybody may read and run. */
function tarOf({ name, content }: ImageFile): Buffer {
  const header = Buffer.alloc(512)
  const octal = (value: number, width: number): string => value.toString(8).padStart(width - 1, '0')
  header.write(name, 0)
  header.write(octal(0o755, 8), 100)
  header.write(octal(0, 8), 108)
  header.write(octal(0, 8), 116)
  header.write(octal(content.length, 12), 124)
  header.write(octal(0, 12), 136)
  header.write('        ', 148)
  header.write('0', 156)
  header.write('ustar\u000000', 257)
  header.write(
    octal(
      header.reduce((sum, byte) => sum + byte, 0),
      7,
    ),
    148,
  )
  header.write('\u0000 ', 154)
  const padding = Buffer.alloc((512 - (content.length % 512)) % 512)
  return Buffer.concat([header, content, padding, Buffer.alloc(1024)])
}
