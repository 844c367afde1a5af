import { mkdirSync, readlinkSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type CertificateInit,
  createIntermediate,
  createLeaf,
  createRoot,
  type TestIdentity,
} from '../support/emulator-pki.js'

/** Texts of the files of one generation. */
export interface Files {
  /** The certificate, and the certificate of its issuer after it. */
  readonly certificate: string
  readonly privateKey: string
  readonly serial: number
}

/** Issues certificates under one root. */
export interface Issuer {
  readonly root: TestIdentity
  issue(init?: Pick<CertificateInit, 'keyType' | 'notAfter'>): Promise<Files>
}

/** A root with a CA below it. */
export async function createIssuer(): Promise<Issuer> {
  const root = await createRoot()
  const issuing = await createIntermediate(root)
  let issued = 0x1000
  return {
    root,
    async issue(init = {}) {
      const number = ++issued
      const leaf = await createLeaf(issuing, { ...init, serial: number.toString(16) })
      return {
        certificate: `${leaf.pem}\n${issuing.pem}\n`,
        privateKey: leaf.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
        serial: number,
      }
    },
  }
}

/** A volume as the kubelet mounts a Secret: files are links through one link, which is swapped. */
export interface SecretVolume {
  readonly certificate: string
  readonly privateKey: string
  /** Renews both files at one moment, and takes the old ones away. */
  swap(files: Files): void
  /** Writes one file in place, as no good tool does. */
  overwrite(name: 'tls.crt' | 'tls.key', text: string): void
}

/** @param folder An empty one. */
export function createVolume(folder: string, files: Files): SecretVolume {
  let generation = 0
  const data = join(folder, '..data')
  const write = (next: Files): string => {
    const name = `..${++generation}`
    mkdirSync(join(folder, name))
    writeFileSync(join(folder, name, 'tls.crt'), next.certificate)
    writeFileSync(join(folder, name, 'tls.key'), next.privateKey)
    return name
  }
  symlinkSync(write(files), data)
  for (const name of ['tls.crt', 'tls.key']) symlinkSync(`..data/${name}`, join(folder, name))
  return {
    certificate: join(folder, 'tls.crt'),
    privateKey: join(folder, 'tls.key'),
    swap(next) {
      const old = readlinkSync(data)
      symlinkSync(write(next), `${data}_tmp`)
      renameSync(`${data}_tmp`, data)
      rmSync(join(folder, old), { recursive: true })
    },
    overwrite: (name, text) => writeFileSync(join(folder, name), text),
  }
}
