import {
  cpSync,
  mkdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { certPath } from './certs.js'

/** Names of a certificate and its key among the test certificates. */
export interface Pair {
  readonly certificate: string
  readonly privateKey: string
}

/** A good pair of a kind, for example `ec-p256`. */
export const pair = (kind: string): Pair => ({
  certificate: `${kind}.pem`,
  privateKey: `${kind}.key.pem`,
})

/** A volume as the kubelet mounts a Secret: files are links through one link, which is swapped. */
export class Volume {
  readonly #folder: string
  #generation = 0

  constructor(folder: string, files: Pair) {
    this.#folder = folder
    this.#write(files)
    symlinkSync('..1', join(folder, '..data'))
    for (const name of ['tls.crt', 'tls.key']) symlinkSync(`..data/${name}`, join(folder, name))
  }

  /** Paths as settings name them. */
  get files(): Pair {
    return { certificate: join(this.#folder, 'tls.crt'), privateKey: join(this.#folder, 'tls.key') }
  }

  /** Renews both files at one moment, and takes the old ones away. */
  swap(files: Pair): void {
    const data = join(this.#folder, '..data')
    const old = readlinkSync(data)
    this.#write(files)
    symlinkSync(`..${this.#generation}`, join(this.#folder, '..data_tmp'))
    renameSync(join(this.#folder, '..data_tmp'), data)
    rmSync(join(this.#folder, old), { recursive: true })
  }

  /** Overwrites one file in place, as no good tool does. */
  overwrite(name: 'tls.crt' | 'tls.key', text: string | Uint8Array): void {
    writeFileSync(join(this.#folder, name), text)
  }

  #write({ certificate, privateKey }: Pair): void {
    const folder = join(this.#folder, `..${++this.#generation}`)
    mkdirSync(folder)
    cpSync(certPath(certificate), join(folder, 'tls.crt'))
    cpSync(certPath(privateKey), join(folder, 'tls.key'))
  }
}
