import { fileURLToPath } from 'node:url'

/** The programs, one folder for each client. */
export const CLIENT_SOURCES = fileURLToPath(new URL('clients', import.meta.url))

/** How to start the program of a client. */
export interface Launch {
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** A client of AWS in some language, with a program that uses it. */
export interface Client {
  readonly name: string
  /** Folder of its program below `clients/`. */
  readonly sources: string
  /**
   * Where it looks for the authorization token. Releases from before the end of 2023 do not know
   * `AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE` and take the token itself from the environment; some
   * know neither, nor an endpoint on loopback, and are left out of what is about the endpoint.
   */
  readonly token: 'file' | 'environment' | 'none'
  /**
   * Fills the folder, which holds a copy of the sources. Left out when there is nothing to do.
   *
   * @throws Skip when the machine cannot.
   */
  readonly install?: (folder: string) => Promise<void>
  readonly launch: (folder: string) => Launch
}
