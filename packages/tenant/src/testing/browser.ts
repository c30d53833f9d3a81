import * as oidc from 'openid-client';

interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly path: string;
}

/** A minimal browser: keeps cookies by path, follows redirects within its one origin, fills in forms. */
export class Browser {
  #cookies: Cookie[] = [];

  /**
   * Follows redirects until there is a page, or until `stop` accepts the next address (it leaves the origin), which is returned unvisited.
   */
  async open(
    url: URL,
    form?: Record<string, string>,
    stop: (next: URL) => boolean = next => next.origin !== url.origin,
  ): Promise<Page> {
    return this.#follow(url, form, stop);
  }

  async #follow(
    url: URL,
    form: Record<string, string> | undefined,
    stop: (next: URL) => boolean,
  ): Promise<Page> {
    const { origin } = url;
    let body = form && new URLSearchParams(form);
    for (let hops = 0; hops < 10; hops++) {
      const response = await fetch(url, {
        method: body ? 'POST' : 'GET',
        redirect: 'manual',
        headers: { cookie: this.#header(url.pathname), ...(body && { origin }) },
        ...(body && { body }),
      });
      this.#keep(response, url.pathname);
      const html = await response.text();
      const location = response.headers.get('location');
      if (location === null) return { url, status: response.status, html, headers: response.headers };
      url = new URL(location, url);
      body = undefined;
      if (stop(url)) return { url, status: 0, html: '', headers: response.headers };
    }
    throw new Error('too many redirects');
  }

  #header(path: string): string {
    return this.#cookies
      .filter(cookie => path === cookie.path || path.startsWith(cookie.path.replace(/\/?$/, '/')))
      .map(cookie => `${cookie.name}=${cookie.value}`)
      .join('; ');
  }

  #keep(response: Response, at: string): void {
    for (const line of response.headers.getSetCookie()) {
      const [pair, ...attributes] = line.split(';').map(part => part.trim());
      const [name, value] = [pair!.slice(0, pair!.indexOf('=')), pair!.slice(pair!.indexOf('=') + 1)];
      const path = attributes.find(part => /^path=/i.test(part))?.slice(5) ?? at;
      this.#cookies = this.#cookies.filter(cookie => cookie.name !== name || cookie.path !== path);
      const expires = attributes.find(part => /^expires=/i.test(part))?.slice(8);
      if (value !== '' && (expires === undefined || new Date(expires) > new Date())) {
        this.#cookies.push({ name, value, path });
      }
    }
  }
}

export interface Page {
  readonly url: URL;
  readonly status: number;
  readonly html: string;
  readonly headers: Headers;
}

/** A relying party on the `openid-client` library: an independent implementation of OpenID Connect. */
export class RelyingParty {
  readonly redirectUri: string;
  readonly configuration: oidc.Configuration;

  private constructor(configuration: oidc.Configuration, redirectUri: string) {
    this.configuration = configuration;
    this.redirectUri = redirectUri;
  }

  static async discover(
    issuer: string,
    clientId: string,
    redirectUri: string,
    authentication = oidc.None(),
  ): Promise<RelyingParty> {
    const configuration = await oidc.discovery(new URL(issuer), clientId, undefined, authentication, {
      execute: [oidc.allowInsecureRequests],
    });
    return new RelyingParty(configuration, redirectUri);
  }

  /** Sends the browser to the sign-in page, or straight back if it has a session. */
  async begin(browser: Browser, parameters: Record<string, string> = {}): Promise<Begun> {
    const verifier = oidc.randomPKCECodeVerifier();
    const state = oidc.randomState();
    const nonce = oidc.randomNonce();
    const url = oidc.buildAuthorizationUrl(this.configuration, {
      redirect_uri: this.redirectUri,
      scope: 'openid profile email',
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
      ...parameters,
    });
    return { page: await browser.open(url), verifier, state, nonce };
  }

  /** Exchanges the returned code for tokens. Returns the ID token's claims. */
  async finish(begun: Begun, back: URL): Promise<{ claims: oidc.IDToken; accessToken: string }> {
    const tokens = await oidc.authorizationCodeGrant(this.configuration, back, {
      pkceCodeVerifier: begun.verifier,
      expectedState: begun.state,
      expectedNonce: begun.nonce,
    });
    return { claims: tokens.claims()!, accessToken: tokens.access_token };
  }

  /** One complete sign-in; undefined if the sign-in page comes again. */
  async signIn(browser: Browser, name: string, password: string): Promise<oidc.IDToken | undefined> {
    const begun = await this.begin(browser);
    const end = await browser.open(begun.page.url, { username: name, password });
    return end.status === 0 ? (await this.finish(begun, end.url)).claims : undefined;
  }
}

export interface Begun {
  readonly page: Page;
  readonly verifier: string;
  readonly state: string;
  readonly nonce: string;
}
