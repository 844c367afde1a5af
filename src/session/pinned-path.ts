import { readlinkSync, realpathSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'

/** More links in a row than any system follows. */
const MAX_LINKS = 40

/**
 * A function that says where paths lead, and that looks at each folder on the way only once. The
 * kubelet renews the files of a volume by swapping the one link `..data`: what is found through one
 * such function is of one generation, also when the swap happens in between.
 *
 * @returns the path itself where something on the way is missing, so that reading it says so.
 * @see https://kubernetes.io/docs/concepts/configuration/secret/#mounted-secrets-are-updated-automatically
 */
export function pinnedPaths(): (path: string) => string {
  const folders = new Map<string, string>()

  function realFolder(folder: string): string {
    const known = folders.get(folder)
    if (known !== undefined) return known
    const real = realpathSync(folder)
    folders.set(folder, real)
    return real
  }

  function follow(path: string, links: number): string {
    const folder = realFolder(dirname(path))
    const file = join(folder, basename(path))
    const target = linkTarget(file)
    if (target === undefined || links === MAX_LINKS) return file
    return follow(resolve(folder, target), links + 1)
  }

  return (path) => {
    try {
      return follow(resolve(path), 0)
    } catch {
      return path
    }
  }
}

function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    // Not a link, or not there.
    return undefined
  }
}
