// An OpenID Connect provider for tests: node provider.mjs <issuer port> <redirect address> <audience> <signing algorithm>
// It writes "ready" when it listens. A line "rotate" on its input makes a new signing key and forgets the old one.
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { exportJWK, generateKeyPair } from 'jose';
import { Provider } from 'oidc-provider';

const [port, redirect, audience, alg] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const claimsOf = {
  'vt-1': { function: 'Medewerker', registration: 'SKJ', competences: ['SAFETY'], realm_access: { roles: ['hulpverlener'] } },
  'vt-2': { function: 'Medewerker', registration: 'SKJ', competences: ['SAFETY'], realm_access: { roles: ['hulpverlener'] } },
  'vt-fg': { function: 'privacy-officer', realm_access: { roles: ['fg'] } },
  'vt-beheer': { function: 'administrator', realm_access: { roles: ['beheer', 'offline_access'] } },
};
let serial = 0;

async function made() {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  const key = { ...(await exportJWK(privateKey)), kid: `key-${++serial}`, alg, use: 'sig' };
  const provider = new Provider(issuer, {
    clients: [{
      client_id: 'case-system', token_endpoint_auth_method: 'none', redirect_uris: [redirect],
      grant_types: ['authorization_code'], response_types: ['code'], id_token_signed_response_alg: alg,
    }],
    jwks: { keys: [key] },
    claims: { openid: ['sub'] },
    pkce: { required: () => true },
    cookies: { keys: ['only for tests'] },
    ttl: { AccessToken: 600, AuthorizationCode: 60, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
    features: {
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => audience,
        useGrantedResource: () => true,
        getResourceServerInfo: (_, wanted) => ({
          audience: wanted, scope: 'cases', accessTokenFormat: 'jwt', accessTokenTTL: 600, jwt: { sign: { alg } },
        }),
      },
    },
    extraTokenClaims: (_, token) => claimsOf[token.accountId],
    findAccount: (_, id) => claimsOf[id] && { accountId: id, claims: () => ({ sub: id }) },
  });
  provider.use(async (ctx, next) => {
    if (!ctx.path.startsWith('/interaction/')) return next();
    const { params, prompt, session } = await provider.interactionDetails(ctx.req, ctx.res);
    let result;
    if (prompt.name === 'login') {
      if (ctx.method === 'GET') {
        ctx.type = 'html';
        ctx.body = '<form method="post"><input name="login"></form>';
        return;
      }
      let body = '';
      for await (const chunk of ctx.req) body += chunk;
      result = { login: { accountId: new URLSearchParams(body).get('login') } };
    } else {
      const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
      grant.addOIDCScope('openid');
      grant.addResourceScope(params.resource ?? audience, 'cases');
      result = { consent: { grantId: await grant.save() } };
    }
    ctx.redirect(await provider.interactionResult(ctx.req, ctx.res, result, { mergeWithLastSubmission: true }));
  });
  return provider.callback();
}

let handle = await made();
createServer((request, answer) => handle(request, answer)).listen(Number(port), '127.0.0.1', () => console.log('ready'));
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'rotate') {
    handle = await made();
    console.log('rotated');
  }
}
process.exit(0);
