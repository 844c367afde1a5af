import { parseTargetArn, resolveTarget } from '../../protocol/arn.js'
import { endpointFor } from '../../protocol/endpoints.js'
import { RolesAnywhereError } from '../../errors.js'
import { type Check, check, type Outcome } from '../check.js'
import { failed, failedBy, ok, skipped } from '../finding.js'
import { judgeEndpoint } from '../judgements/endpoint-region.js'
import type { SettingName } from '../settings-view.js'

const NAMES = ['trustAnchorArn', 'profileArn', 'roleArn'] as const satisfies SettingName[]

const WORDS = { trustAnchorArn: 'trust-anchor', profileArn: 'profile', roleArn: 'role' } as const

const each = NAMES.map((name) =>
  check({
    id: `arns.${WORDS[name]}`,
    needs: ['settings'],
    run({ settings }) {
      const text = settings.value(name)
      if (text === undefined) return {}
      return told(() => {
        const { account, region, resource } = parseTargetArn(name, text)
        const where = region === '' ? `account ${account}` : `account ${account}, region ${region}`
        const detail = { account, region: region || null, resource }
        return { finding: ok(`${resource}, ${where}`, detail) }
      })
    },
  }),
)

const agreement = check({
  id: 'arns.agreement',
  needs: ['settings'],
  gives: ['arns', 'target'],
  run({ settings }) {
    const [trustAnchorArn, profileArn, roleArn] = NAMES.map((name) => settings.value(name))
    if (!trustAnchorArn || !profileArn || !roleArn) return UNKNOWN
    const arns = { trustAnchorArn, profileArn, roleArn }
    const malformed = NAMES.some((name) => !parses(name, arns[name]))
    if (malformed || settings.entry('region') instanceof RolesAnywhereError) return UNKNOWN
    return told(() => {
      const target = resolveTarget({ ...arns, region: settings.value('region') })
      const { partition, account, region } = target
      const { region: home } = parseTargetArn('trustAnchorArn', trustAnchorArn)
      const detail = { partition, account, region }
      const finding =
        home === region
          ? ok(`partition ${partition}, account ${account}, region ${region}`, detail)
          : failed(
              'ERR_RA_ARN_MISMATCH',
              `--region says ${region}, and the trust anchor is in ${home}`,
              'drop --region: that of the trust anchor is the default',
              detail,
            )
      return { finding, facts: { arns, target } }
    })
  },
})

const UNKNOWN: Outcome = { finding: skipped('means nothing without all three') }

const parses = (name: (typeof NAMES)[number], text: string): boolean => {
  try {
    parseTargetArn(name, text)
    return true
  } catch {
    // The row of that ARN says so.
    return false
  }
}

const endpoint = check({
  id: 'arns.endpoint',
  needs: ['settings', 'target'],
  gives: ['endpoint'],
  run({ settings, target }) {
    return told(() => {
      const override = settings.value('endpoint')
      const found = endpointFor({
        region: target.region,
        useFips: target.useFips || settings.value('useFips'),
        useDualstack: settings.value('useDualstack'),
        ...(override !== undefined && { override }),
      })
      return { finding: judgeEndpoint(found, target.region), facts: { endpoint: found } }
    })
  },
})

function told(step: () => Outcome): Outcome {
  try {
    return step()
  } catch (error) {
    return { finding: failedBy(error) }
  }
}

/** The three ARNs, and whether they belong to each other and to the endpoint. */
export const ARN_CHECKS: readonly Check[] = [...each, agreement, endpoint]
