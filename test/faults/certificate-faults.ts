import { setTimeout as sleep } from 'node:timers/promises'
import { type Fault, nothing, ONE_RENEWAL_MS } from './fault.js'
import type { Files } from './identities.js'
import type { Stage } from './stage.js'

/** The last files that a fault put in place, to be looked for at the end. */
const renewed = new WeakMap<Stage, Files>()

async function issueNext(stage: Stage, keyType?: 'rsa2048'): Promise<Files> {
  const files = await stage.issuer.issue(keyType && { keyType })
  renewed.set(stage, files)
  return files
}

/** Whether the last certificate that was made is the one in use, and no call was refused on the way. */
function newFilesInUse(stage: Stage): string | undefined {
  const serial = stage.emulator().sessions.at(-1)?.assumedRoleArn.split('/').at(-1) ?? ''
  if (Number.parseInt(serial, 16) !== renewed.get(stage)?.serial) {
    return 'the new certificate is not in use'
  }
  const refused = stage.emulator().requests.some(({ outcome }) => outcome === 'refused')
  return refused ? 'a call was refused' : undefined
}

function empty({ volume }: Stage): void {
  volume.overwrite('tls.crt', '')
  volume.overwrite('tls.key', '')
}

async function writeInPlace({ volume }: Stage, files: Files): Promise<void> {
  volume.overwrite('tls.key', files.privateKey)
  await sleep(50)
  volume.overwrite('tls.crt', files.certificate)
}

/** What happens to the files of the certificate. */
export const CERTIFICATE_FAULTS: readonly Fault[] = [
  {
    name: 'certificate expired',
    about: 'the certificate ends after 15 s; a new one comes later than the session lasts',
    stage: () => ({ notAfter: new Date(Date.now() + 15_000) }),
    strike: nothing,
    lastsMs: 45_000,
    mend: async (stage) => stage.volume.swap(await issueNext(stage)),
    renewedWithinMs: ONE_RENEWAL_MS,
    outlivesSession: true,
    check: newFilesInUse,
  },
  {
    name: 'certificate swapped',
    about: 'a new certificate and key, by the link of a Secret volume',
    strike: async (stage) => stage.volume.swap(await issueNext(stage)),
    lastsMs: ONE_RENEWAL_MS,
    mend: nothing,
    renewedWithinMs: ONE_RENEWAL_MS,
    check: newFilesInUse,
  },
  {
    name: 'half-written',
    about:
      'the files are rewritten in place: cut off between two certificates, cut off within one, ' +
      'both empty, new key with old certificate; then whole',
    async strike(stage) {
      const { certificate } = stage.firstFiles
      const between = certificate.indexOf('-----BEGIN', 1)
      stage.volume.overwrite('tls.crt', certificate.slice(0, between))
      await sleep(1_000)
      stage.volume.overwrite('tls.crt', certificate.slice(0, between + 300))
    },
    lastsMs: ONE_RENEWAL_MS,
    async mend(stage) {
      empty(stage)
      await sleep(1_000)
      const files = await issueNext(stage)
      stage.volume.overwrite('tls.crt', stage.firstFiles.certificate)
      stage.volume.overwrite('tls.key', files.privateKey)
      await sleep(1_000)
      await writeInPlace(stage, files)
    },
    renewedWithinMs: ONE_RENEWAL_MS,
    check: newFilesInUse,
  },
  {
    name: 'key type changed',
    about: 'from EC to RSA, and back to EC after a renewal',
    strike: async (stage) => stage.volume.swap(await issueNext(stage, 'rsa2048')),
    lastsMs: ONE_RENEWAL_MS,
    mend: async (stage) => stage.volume.swap(await issueNext(stage)),
    renewedWithinMs: ONE_RENEWAL_MS,
    check: newFilesInUse,
  },
  {
    name: 'disk full',
    about:
      'the log goes to `/dev/full`, where every write fails; a renewal of the certificate leaves ' +
      'two empty files, and is whole at the end',
    stage: () => ({ logTo: '/dev/full' }),
    strike: empty,
    lastsMs: ONE_RENEWAL_MS,
    mend: async (stage) => writeInPlace(stage, await issueNext(stage)),
    renewedWithinMs: ONE_RENEWAL_MS,
    check: newFilesInUse,
  },
]
