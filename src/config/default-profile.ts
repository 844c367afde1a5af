import { homedir } from 'node:os'
import { join } from 'node:path'

/**
 * Keys of the `default` profile of the AWS config and credentials files, for warnings: files that
 * cannot be read have none.
 *
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/file-location.html
 */
export async function defaultProfileKeys(
  env: Readonly<Record<string, string | undefined>>,
): Promise<string[]> {
  const folder = join(env['HOME'] || env['USERPROFILE'] || homedir(), '.aws')
  try {
    const { loadSharedConfigFiles } = await import('@smithy/shared-ini-file-loader')
    const { configFile, credentialsFile } = await loadSharedConfigFiles({
      configFilepath: env['AWS_CONFIG_FILE'] || join(folder, 'config'),
      filepath: env['AWS_SHARED_CREDENTIALS_FILE'] || join(folder, 'credentials'),
      ignoreCache: true,
    })
    return [configFile, credentialsFile].flatMap((file) => Object.keys(file['default'] ?? {}))
  } catch {
    // Nothing that could be warned of; whoever needs the files says what is wrong with them.
    return []
  }
}
