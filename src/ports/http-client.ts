/** One request to a service that a user named. Credentials stand in headers and never in the URL. */
export interface HttpRequest {
  readonly url: URL
  /** Fields of a form, sent by POST; a GET where there are none. */
  readonly form?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  /** Bytes after which reading stops. */
  readonly largest: number
  /** Deadline of the whole exchange, body included. */
  readonly seconds: number
}

export interface HttpText {
  readonly status: number
  readonly text: string
  /** False where the body went on after `largest` bytes. */
  readonly whole: boolean
}

/** Asks services over HTTP. Redirects are not followed: they could take a token elsewhere. Silence and broken connections are UserErrors that name the place without its query. */
export interface HttpClient {
  text(request: HttpRequest): Promise<HttpText>
  /** The body in pieces, each valid until the next is asked for; more than `largest` bytes throw. */
  stream(request: HttpRequest): Promise<{ readonly status: number; readonly pieces: AsyncIterable<Uint8Array> }>
}
