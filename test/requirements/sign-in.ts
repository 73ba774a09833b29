/** What signing in at the control plane promises. */
export const signInRequirements = {
  'sign-in.browser':
    'A browser signs in at a real issuer by code and PKCE, comes back to the page it asked for, and the log says who.',
  'sign-in.cookie': 'A session cookie is for this host, for HTTP only and for our own pages only.',
  'sign-in.csrf':
    'With a cookie nothing is changed, and nothing read for another site, without the origin and the token of our own pages.',
  'sign-in.renewed':
    'A session is renewed with what the issuer says then, once at a time, and ends when the issuer does not renew it.',
  'sign-in.lifetime': 'A session ends when unused, when its time is over, and with what it stands on.',
  'sign-in.out': 'Signing out ends the session for good and tells where to sign out at the issuer.',
  'sign-in.ends-sessions': 'Signing out ends what is open at the protocol listeners with that session.',
  'sign-in.one-credential':
    'A cookie and a token together count as neither; a cookie is no bearer token, nor the other way round.',
  'sign-in.sealed': 'The store alone gives nobody a session or a token.',
  'sign-in.forged':
    'A session, a code or an attempt that no gateway sealed is none, whoever wrote it into the store.',
  'sign-in.limits':
    'Sessions of a subject and sign-ins that wait are bounded, and each of those is used once.',
  'sign-in.saml': 'A browser signs in at a real SAML identity provider and is who the assertion says.',
  'sign-in.saml-cli':
    'The command signs in with SAML through the gateway, and its token is good at every door.',
  'sign-in.saml-metadata': 'The gateway describes itself to a SAML identity provider.',
  'sign-in.saml-encrypted':
    'An assertion that is encrypted for the gateway signs in, and where it has to be, none in the clear does.',
  'sign-in.saml-encryption':
    'What is encrypted is accepted in one shape, with RSA-OAEP and AES-GCM, or CBC inside a signed response.',
  'sign-in.saml-oracle':
    'Padding, key, tag and signature of what is encrypted are refused in the same words, in the answer and the log.',
  'sign-in.saml-out':
    'Signing out ends a session of SAML, and tells where to sign out at the identity provider, where that is configured.',
  'sign-in.saml-signature':
    'An assertion that is not signed whole by the configured key in a good way is refused.',
  'sign-in.saml-wrapping':
    'A signature that is good for one thing carries nothing else along, in whatever shape.',
  'sign-in.saml-xml':
    'Document types, entities, comments, CDATA and instructions are refused before anything is read.',
  'sign-in.saml-conditions':
    'An assertion for another audience, address, time or request, and one nobody asked for, is refused.',
  'sign-in.saml-replay': 'A response and an assertion are used once, by the browser that asked.',
  'sign-in.redirects': 'A browser is sent back to paths of the gateway only.',
  'sign-in.loopback': 'A command line is reached on this machine by number only, and only with PKCE by S256.',
  'sign-in.code': 'A code for a command line is good once, for its verifier and its address.',
  'sign-in.fixation': 'Each sign-in has a session id of its own, and ends the one before it.',
  'sign-in.login-csrf': 'A sign-in is finished by the browser that began it and by no other.',
  'sign-in.code-injection': 'A code of another sign-in is refused.',
  'sign-in.mix-up': 'What one issuer answers is not taken for another’s.',
  'sign-in.state':
    'A state that is missing, doubled, unknown or used is refused, as is a refusal of the issuer.',
  'sign-in.switched': 'Somebody else than is signed in does not take over a browser by signing in.',
  'sign-in.page': 'A refusal shows nothing of whoever sent it.',
  'sign-in.no-secret': 'No token, code, state or session id gets into the log or an answer.',
} as const;
