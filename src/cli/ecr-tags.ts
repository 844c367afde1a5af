import { listTags, MAX_PAGE_BYTES } from '../ecr/registry-client.js'
import { parseRepositoryUri } from '../ecr/repository-uri.js'
import { RolesAnywhereError } from '../errors.js'
import type { Command } from './command.js'
import { commandLog } from './command-log.js'
import { ECR_FLAGS, loadEcrSettings } from './ecr-settings.js'
import { ecrTokens } from './ecr-tokens.js'
import { WORKLOAD_FLAGS } from './setting-flags.js'

/**
 * Lists the tags of a repository.
 *
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-tags
 */
export const ecrTagsCommand: Command = {
  usage: 'ecr tags REPOSITORY_URI [flags]',
  summary: 'List the tags of a repository in Amazon ECR',
  description: `REPOSITORY_URI is HOST/REPOSITORY, as docker pull has it. One tag a line, in the order of the
registry. The role needs ecr:GetAuthorizationToken and, on the repository, ecr:ListImages.`,
  flags: [
    { name: 'json', help: 'print one JSON object with name and tags' },
    ...ECR_FLAGS,
    ...WORKLOAD_FLAGS,
  ],
  arguments: { min: 1, max: 1 },
  example:
    'ecr tags 123456789012.dkr.ecr.eu-central-1.amazonaws.com/team/app --config-profile images',
  async run({ flags, positionals: [uri = ''] }, io) {
    const log = commandLog('ecr', flags, io, 'warn')
    const settings = await loadEcrSettings(flags, io)
    const found = parseRepositoryUri(uri, settings.registries.aliases)
    if (!found) {
      throw new RolesAnywhereError(
        'ERR_RA_ARGUMENT_INVALID',
        'the argument is not a repository in a registry of Amazon ECR',
        {
          hint: 'write ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY; other hosts need --registry-alias',
        },
      )
    }
    const { registry, repository } = found
    const tokens = ecrTokens({ ...settings, flags, io, log })
    const tags = await listTags(found, {
      send: await tokens.sender(registry, MAX_PAGE_BYTES),
      clock: io.clock,
      signal: io.signal,
      passwords: {
        token: async () => tokens.token(registry),
        renewed: async (refused) => tokens.token(registry, { refused }),
      },
    })
    if (flags.has('json')) io.stdout(`${JSON.stringify({ name: repository, tags })}\n`)
    else io.stdout(tags.map((tag) => `${tag}\n`).join(''))
    return 0
  },
}
