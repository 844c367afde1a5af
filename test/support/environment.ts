/**
 * Runs an action in which the AWS variables of this process are exactly those given. For parts of the
 * SDK that read nothing but the process's own environment.
 */
export async function withAwsEnvironment<T>(
  variables: Readonly<Record<string, string>>,
  action: () => Promise<T>,
): Promise<T> {
  const before = { ...process.env }
  for (const name of Object.keys(before)) if (name.startsWith('AWS_')) delete process.env[name]
  Object.assign(process.env, variables)
  try {
    return await action()
  } finally {
    for (const name of Object.keys(variables)) delete process.env[name]
    Object.assign(process.env, before)
  }
}
