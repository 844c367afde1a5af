import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import type { Emulator, StateDocument } from '../../src/emulator/index.js'
import type { CheckName } from '../../src/emulator/index.js'
import { withEmulator } from '../support/emulator-fixture.js'
import { type RawRequest, sendRaw } from '../support/raw-http.js'
import { HAS_VECTORS, VECTORS } from '../support/shared-vectors.js'

/** A request recorded from another implementation, and what is known of it. */
interface Recording {
  readonly name: string
  readonly certificate: string
  readonly privateKey: string
  readonly region: string
  readonly request: RawRequest & { readonly headers: [string, string][]; readonly body: string }
  readonly expected: { readonly serialDecimal: string; readonly stringToSign: string }
}

const RECORDINGS: readonly Recording[] = HAS_VECTORS
  ? (
      JSON.parse(readFileSync(`${VECTORS}create-session.json`, 'utf8')) as {
        vectors: Recording[]
      }
    ).vectors
  : []

const isMlDsa = ({ name }: Recording): boolean => name.startsWith('mldsa')

/** The certificates of these recordings are CAs without a subject: only their signatures are good. */
const SIGNATURE_FIRST: readonly CheckName[] = [
  ...(['parameters', 'trustAnchor', 'path', 'signature', 'certificate', 'revocation'] as const),
  ...(['profile', 'role', 'roleSessionName', 'assumeRole', 'duration', 'tags'] as const),
]

describe('the emulator, fed with requests recorded from aws_signing_helper', () => {
  before(function () {
    if (!HAS_VECTORS) {
      console.warn('recordings are not on this machine: skipped')
      this.skip()
    }
  })

  for (const recording of RECORDINGS.filter((entry) => !isMlDsa(entry))) {
    it(`grants ${recording.name} as it was sent`, async () => {
      await replay(recording, async (emulator) => {
        const response = await sendRaw(emulator.port, recording.request)
        expect(response.status, emulator.requests.at(-1)?.reason).to.equal(201)
        const asked = JSON.parse(recording.request.body) as { durationSeconds: number }
        expect(emulator.sessions.at(-1)?.durationSeconds).to.equal(asked.durationSeconds)
      })
    })

    it(`refuses ${recording.name} with any signed part changed`, async () => {
      const parts = changes(recording)
      expect(parts.length).to.be.greaterThan(15)
      await replay(recording, async (emulator) => {
        for (const { part, request } of parts) {
          const response = await sendRaw(emulator.port, request)
          expect(response.status, part).to.be.oneOf([400, 403])
        }
        expect(emulator.sessions).to.deep.equal([])
      })
    })

    it(`refuses ${recording.name} at another time or in another region`, async () => {
      const late = new Date(signedAt(recording).getTime() + 16 * 60_000)
      for (const options of [{ at: late }, { region: 'sa-east-1' }]) {
        await replay(
          recording,
          async ({ port }) => {
            expect((await sendRaw(port, recording.request)).status).to.equal(403)
          },
          options,
        )
      }
    })
  }

  for (const recording of RECORDINGS.filter(isMlDsa)) {
    it(`tells the good signature of ${recording.name} from a bad one`, async function () {
      if (!canVerify(recording)) {
        console.warn('this Node.js has no ML-DSA: skipped')
        this.skip()
      }
      await replay(recording, async ({ port }) => {
        const good = await sendRaw(port, recording.request)
        expect(good.body).to.include('Insufficient certificate')
        for (const { part, request } of changes(recording)) {
          const response = await sendRaw(port, request)
          expect(response.status, part).to.be.oneOf([400, 403])
          // A certificate that was changed is unreadable, which is refused in the same words.
          if (part.startsWith('X-Amz-X509')) continue
          expect(response.body, part).to.not.include('Insufficient certificate')
        }
      })
    })

    it(`refuses ${recording.name} where Node.js has no ML-DSA, and says so`, async function () {
      if (canVerify(recording)) this.skip()
      await replay(recording, async (emulator) => {
        expect((await sendRaw(emulator.port, recording.request)).status).to.equal(403)
        expect(emulator.requests.at(-1)?.reason).to.include('ML-DSA')
      })
    })
  }
})

async function replay(
  recording: Recording,
  body: (emulator: Emulator) => Promise<void>,
  change: { at?: Date; region?: string } = {},
): Promise<void> {
  const state = stateOf(recording)
  await withEmulator(
    {
      state: change.region === undefined ? state : { ...state, region: change.region },
      at: change.at ?? signedAt(recording),
      ...(isMlDsa(recording) ? { checkOrder: SIGNATURE_FIRST } : {}),
    },
    body,
  )
}

function stateOf(recording: Recording): StateDocument {
  const query = new URLSearchParams(recording.request.target.split('?')[1])
  const roleArn = query.get('roleArn') ?? ''
  const anchors = isMlDsa(recording)
    ? read(`mldsa/${recording.certificate}`)
    : read('pki/root-rsa.pem') + read('pki/root-ec.pem')
  return {
    trustAnchors: [{ arn: query.get('trustAnchorArn') ?? '', certificate: anchors }],
    profiles: [
      {
        arn: query.get('profileArn') ?? '',
        roleArns: [roleArn],
        durationSeconds: 43_200,
        acceptRoleSessionName: true,
      },
    ],
    roles: [{ arn: roleArn, maxSessionDuration: 43_200 }],
  }
}

const read = (name: string): string => readFileSync(`${VECTORS}${name}`, 'utf8')

function signedAt({ request }: Recording): Date {
  const text = request.headers.find(([name]) => name === 'X-Amz-Date')?.[1] ?? ''
  return new Date(text.replace(/(....)(..)(..T..)(..)(..Z)/, '$1-$2-$3:$4:$5'))
}

/** The recording with one signed part changed, once for each. */
function changes({ request }: Recording): { part: string; request: RawRequest }[] {
  const [path = '', query = ''] = request.target.split('?')
  const authorization = request.headers.find(([name]) => name === 'Authorization')?.[1] ?? ''
  const signed = /SignedHeaders=([^,]+)/.exec(authorization)?.[1]?.split(';') ?? []
  const headers = request.headers
    .filter(([name]) => signed.includes(name.toLowerCase()))
    .flatMap(([name, value]) =>
      // The first, a middle and the last byte of each.
      [0, value.length >> 1, value.length - 1].map((at) => ({
        part: `${name}[${at}]`,
        request: {
          ...request,
          headers: request.headers.map(([given, old]): [string, string] => [
            given,
            given === name ? flip(old, at) : old,
          ]),
        },
      })),
    )
  const values = query.split('&').map((pair, index, pairs) => ({
    part: pair.split('=')[0] ?? '',
    request: {
      ...request,
      target: `${path}?${pairs.with(index, flip(pair, pair.length - 1)).join('&')}`,
    },
  }))
  const parts = [
    /Credential=\d/,
    /Credential=\d+\/2/,
    /\/[a-z]{2}/,
    /rolesany/,
    /SignedHeaders=a/,
    /Signature=./,
  ]
  const claims = [...parts, /AWS4-X509-R|AWS4-X509-E|AWS4-X509-M/, /.$/].map((part) => {
    const match = part.exec(authorization)
    const at = (match?.index ?? 0) + (match?.[0].length ?? 1) - 1
    return {
      part: `Authorization at ${String(part)}`,
      request: {
        ...request,
        headers: request.headers.map(([given, old]): [string, string] => [
          given,
          given === 'Authorization' ? flip(old, at) : old,
        ]),
      },
    }
  })
  const bodies = [...request.body].map((_, at) => ({
    part: `body[${at}]`,
    request: { ...request, body: flip(request.body, at) },
  }))
  return [
    ...headers,
    ...values,
    ...claims,
    ...bodies,
    { part: 'one more parameter', request: { ...request, target: `${request.target}&x=1` } },
  ]
}

/** Another character in its place, of the same kind where a kind is demanded. */
function flip(text: string, at: number): string {
  const old = text[at] ?? ''
  const other = /\d/.test(old) ? (old === '1' ? '2' : '1') : old === 'b' ? 'c' : 'b'
  return text.slice(0, at) + other + text.slice(at + 1)
}

function canVerify({ certificate, privateKey }: Recording): boolean {
  try {
    createPrivateKey(read(`mldsa/${privateKey}`))
    return new X509Certificate(read(`mldsa/${certificate}`)).publicKey.type === 'public'
  } catch {
    return false
  }
}
