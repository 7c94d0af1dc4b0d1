import { describe, expect, it } from 'vitest'
import { refusalInWords, refusalOf } from '../../../src/adapters/kubernetes/refusals.ts'

// What kubectl 1.20 to 1.36 printed on standard error.
describe('refusalOf', () => {
  it.each([
    ['Error from server (NotFound): httproutes.gateway.networking.k8s.io "churn" not found', 'missing'],
    ['Error from server (NotFound): the server could not find the requested resource', 'unknown-kind'],
    ['error: the server doesn\'t have a resource type "httproutes"', 'unknown-kind'],
    ['error: no matches for kind "HTTPRoute" in version "gateway.networking.k8s.io/v1"', 'unknown-kind'],
    ['Error from server (Forbidden): deployments.apps "x" is forbidden: User "u" cannot get resource "deployments"', 'forbidden'],
    ['error: You must be logged in to the server (Unauthorized)', 'unauthorized'],
    ['error: You must be logged in to the server (the server has asked for the client to provide credentials)', 'unauthorized'],
    ['Unable to connect to the server: getting credentials: exec: executable gke-gcloud-auth-plugin not found', 'unauthorized'],
    ['The request is invalid: the server rejected our request due to an error in our request', 'raced'],
    ['Error from server (Conflict): Operation cannot be fulfilled: the object has been modified', 'raced'],
    ['Error from server (ServiceUnavailable): the server is currently unable to handle the request', 'unanswered'],
    ['Error from server (InternalError): Internal error occurred: etcdserver: leader changed', 'unanswered'],
    ['The connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?', 'unanswered'],
    ['Unable to connect to the server: EOF', 'unanswered'],
    ['Unable to connect to the server: net/http: TLS handshake timeout', 'unanswered'],
    ['Unable to connect to the server: context deadline exceeded', 'unanswered'],
    ['Unable to connect to the server: dial tcp: lookup k8s.invalid: no such host', 'unanswered'],
    ['Unable to connect to the server: tls: failed to verify certificate: x509: certificate signed by unknown authority', 'other'],
    ['error: context "elsewhere" does not exist', 'other'],
  ])('%s', (stderr, kind) => {
    expect(refusalOf(`Warning: something is old\nE1126 17:57:37.631761   28511 memcache.go:265] "Unhandled Error"\n${stderr}\n`)).toEqual({
      kind,
      words: stderr,
    })
  })

  it('leaves nothing in the words that a log could take for a command', () => {
    const { words } = refusalOf('::set-output name=x::y\nerror: \u001b[31mno\n')
    expect(words).toMatch(/^\S:set-output name=x::y error: \uFFFD\[31mno$/)
    expect(words.startsWith('::')).toBe(false)
  })
})

describe('refusalInWords', () => {
  const asked = { verb: 'patch', resource: 'httproutes.gateway.networking.k8s.io', name: 'churn', namespace: 'models' } as const
  it.each([
    ['forbidden', '`kubectl auth can-i patch httproutes.gateway.networking.k8s.io/churn --namespace=models` must answer yes'],
    ['missing', 'there is no httproute models/churn in the cluster'],
    ['unknown-kind', '`kubectl api-resources --api-group=gateway.networking.k8s.io`'],
    ['unauthorized', 'Log in anew'],
    ['unanswered', 'did not answer when asked to patch httproute models/churn'],
    ['other', 'kubectl could not patch httproute models/churn'],
  ] as const)('%s says what to do', (kind, words) => {
    expect(refusalInWords({ kind, words: 'no' }, asked, 'the cluster').message).toContain(words)
  })
})
