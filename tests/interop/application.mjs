// A browser at a web application of this process, for libraries that are the middleware of one.
//
// The application takes itself to be at the origin of the redirect URI; where it really listens is
// a free port, so that many can do so at once, unless the provider has to reach it.
import { once } from "node:events";
import { request as send } from "node:http";
import { settings, visit } from "./conversation.mjs";

const ORIGIN = new URL(settings.redirectUri).origin;

export class Browser {
  #cookies = new Map();
  #port;

  static async at(app, port = 0) {
    const browser = new Browser();
    const server = app.listen(port, "127.0.0.1");
    await once(server, "listening");
    browser.#port = server.address().port;
    return browser;
  }

  /** Follows redirects until something is shown or the browser is sent elsewhere. */
  async open(url, body) {
    let answer = await this.#ask(new URL(url, ORIGIN), body);
    while (answer.location?.startsWith(`${ORIGIN}/`)) answer = await this.#ask(new URL(answer.location));
    return answer;
  }

  /** Opens a page that leads to the provider; what the application shows when the person is back. */
  async signIn(path = "/", { body, change = () => {} } = {}) {
    const away = await this.open(path, body);
    if (away.location === undefined) throw new Error(`no way to the provider: ${away.text}`);
    const back = await visit(away.location);
    const url = new URL(back.url);
    change(url.searchParams);
    return this.open(url, back.method === "POST" ? new URLSearchParams(await back.text()) : undefined);
  }

  async #ask(url, body) {
    const headers = { host: url.host, cookie: [...this.#cookies].map((pair) => pair.join("=")).join("; ") };
    if (body !== undefined) headers["content-type"] = "application/x-www-form-urlencoded";
    const asked = send({
      port: this.#port,
      host: "127.0.0.1",
      path: url.pathname + url.search,
      method: body === undefined ? "GET" : "POST",
      headers,
    });
    asked.end(body?.toString());
    const [answer] = await once(asked, "response");
    for (const cookie of answer.headers["set-cookie"] ?? []) this.#keep(cookie);
    const text = (await answer.toArray()).join("");
    const location = answer.headers.location && new URL(answer.headers.location, url).href;
    return { status: answer.statusCode, location, text };
  }

  #keep(cookie) {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie);
    if (value === "") this.#cookies.delete(name);
    else this.#cookies.set(name, value);
  }
}
