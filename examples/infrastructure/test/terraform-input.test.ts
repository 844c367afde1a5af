import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { openModule, type TerraformModule } from './provider/terraform.js'
import { runs } from './stack.js'

const MODULE = fileURLToPath(new URL('../terraform', import.meta.url))
const certificate_bundle = '-----BEGIN CERTIFICATE-----\n'
const RIGHT = {
  certificate_bundle,
  bucket_lister_subject: { organizational_unit: 'payments' },
  image_puller_subject: { organizational_unit: 'nodes' },
}

describe('wrong values for the Terraform module', () => {
  let terraform: TerraformModule | undefined

  before(async function () {
    if (!runs('terraform')) {
      console.log('    skipped: no terraform on this machine')
      this.skip()
    }
    terraform = await openModule(MODULE)
  })
  after(() => terraform?.close())

  for (const [what, wrong, message] of [
    ['no CA', { certificate_bundle: null }, 'Give one of certificate_bundle and private_ca_arn'],
    ['two CAs', { private_ca_arn: 'arn:aws:acm-pca:x' }, 'Give one of certificate_bundle and'],
    ['a path in place of a CA', { certificate_bundle: 'ca.pem' }, 'in PEM'],
    ['a private key', { certificate_bundle: `${certificate_bundle}PRIVATE KEY` }, 'private key'],
    ['three CAs', { certificate_bundle: certificate_bundle.repeat(3) }, 'one or two CA'],
    ['three CRLs', { revocation_lists: ['a', 'b', 'c'] }, 'at most two CRLs'],
    ['a subject of nothing', { image_puller_subject: {} }, 'would be let in'],
    ['an empty unit', { image_puller_subject: { organizational_unit: '' } }, 'without wildcards'],
    ['a wildcard unit', { bucket_lister_subject: { uri: 'spiffe://x/*' } }, 'without wildcards'],
    ['a wildcard bucket', { bucket_name: '*' }, 'Not the name of a bucket'],
    ['a wildcard repository', { pull_repository_names: ['team/*'] }, 'wildcards and ARNs'],
    ['a prefix with a slash', { pull_through_prefix: 'hub/' }, 'no slash at the end'],
    ['half an account', { pull_accounts: ['1'] }, 'An account has 12 digits'],
    ['a session of a day', { session_seconds: 86_400 }, 'A session lasts 900 to 43200 seconds'],
    ['a session policy that is none', { session_policy: '{}' }, 'Not a policy document'],
    ['an alarm before its metric', { ca_alarm_days: 46 }, 'cannot be more'],
    ['a name that is too long', { name: 'x'.repeat(24) }, '23 characters at most'],
  ] as const) {
    it(`names ${what}`, async () => {
      terraform!.variables({ ...RIGHT, ...wrong })
      const { status, stdout, stderr } = await terraform!.run('plan', '-input=false', '-no-color')
      expect(status, stdout).to.equal(1)
      expect(stderr.replace(/\s+/g, ' ')).to.include(message)
    })
  }
})
