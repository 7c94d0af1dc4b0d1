/** An API server that tests speak to: the double, or a real one. Bearer tokens are the users' names: `admin` may everything, `refline` what its Role says. */
export interface ApiServer extends AsyncDisposable {
  readonly url: string
  /** PEM of what its certificate is signed by; null where it speaks HTTP. */
  readonly certificate: string | null
}
