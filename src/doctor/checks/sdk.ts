import { RolesAnywhereError } from '../../errors.js'
import { type Check, check } from '../check.js'
import { failedBy, ok } from '../finding.js'
import {
  judgeSource,
  judgeWinner,
  type SdkSource,
  type SdkView,
  viewSdkChain,
} from '../judgements/sdk-chain.js'

const files = check({
  id: 'sdk.files',
  gives: ['sdkView'],
  async run(_known, { env, clock, probes }) {
    try {
      const profiles = await probes.awsProfiles()
      const read = [profiles.config, profiles.credentials].filter(({ modifiedAt }) => modifiedAt)
      const names = read.map(({ path }) => `"${path}"`).join(' and ')
      const tokenPath = env['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE']
      const tokenFile = tokenPath ? probes.file(tokenPath) : undefined
      const sdkView = viewSdkChain(env, profiles, clock.now(), tokenFile)
      const { ownProfiles } = sdkView
      const own =
        ownProfiles.length > 0 ? `; this program is in profile ${ownProfiles.join(', ')}` : ''
      const finding =
        read.length > 0 ? ok(`AWS SDKs read ${names}${own}`, { ownProfiles }) : undefined
      return { finding, facts: { sdkView } }
    } catch (error) {
      if (!(error instanceof RolesAnywhereError)) throw error
      return { finding: failedBy(error) }
    }
  },
})

const SOURCES: readonly SdkSource['name'][] = [
  'environment',
  'web-identity',
  'profile',
  'container',
  'imds',
]

const sources = SOURCES.map((name) =>
  check({
    id: `sdk.${name}`,
    needs: ['sdkView'],
    run({ sdkView }) {
      const source = sdkView.sources.find((entry) => entry.name === name)
      return source ? { finding: judgeSource(source, sdkView) } : {}
    },
  }),
)

const winner = check({
  id: 'sdk.winner',
  needs: ['sdkView'],
  run: ({ sdkView }: { readonly sdkView: SdkView }, { env }) => ({
    finding: judgeWinner(sdkView, env),
  }),
})

/** What AWS SDKs on this machine would use instead of our credentials. */
export const SDK_CHECKS: readonly Check[] = [files, ...sources, winner]
