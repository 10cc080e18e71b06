// An Express application with passport-openidconnect alone. tests/interop/conversation.py says what goes in and out.
import express from "express";
import session from "express-session";
import passport from "passport";
import OpenIDConnectStrategy from "passport-openidconnect";
import { Browser } from "../application.mjs";
import { CLAIMS, payload, run, settings, told } from "../conversation.mjs";

/** Passport's word for "no" is no error; why, stands in the third argument. */
class Refused extends Error {
  constructor({ message }) {
    super(message);
  }
}

/** The library reads no metadata: an application copies the addresses from it. */
async function strategy(more) {
  const metadata = await (await fetch(`${settings.issuer}/.well-known/openid-configuration`)).json();
  return new OpenIDConnectStrategy(
    {
      issuer: metadata.issuer,
      authorizationURL: metadata.authorization_endpoint,
      tokenURL: metadata.token_endpoint,
      userInfoURL: metadata.userinfo_endpoint,
      clientID: settings.clientId,
      clientSecret: settings.clientSecret,
      callbackURL: settings.redirectUri,
      scope: settings.scope.split(" ").filter((name) => name !== "openid"),
      nonce: true,
      skipUserProfile: false,
      ...more,
    },
    (issuer, profile, idProfile, context, idToken, accessToken, refreshToken, params, done) =>
      done(null, {
        issuer,
        tokens: told(params, payload(idToken)),
        userinfo: profile._json,
      }),
  );
}

/** What the application knows of the person after a sign-in, or the error that it met. */
async function signIn({ change, ...more } = {}) {
  const app = express();
  passport.use("ostiary", await strategy(more));
  passport.serializeUser((user, done) => done(null, user));
  passport.deserializeUser((user, done) => done(null, user));
  app.use(session({ secret: "of the session cookie", resave: false, saveUninitialized: false }));
  app.use(passport.session());
  app.get("/", passport.authenticate("ostiary"));
  let met;
  app.get(new URL(settings.redirectUri).pathname, (request, response, next) =>
    passport.authenticate("ostiary", (error, user, info) => {
      met = error ?? (user ? undefined : new Refused(info));
      response.json(user);
    })(request, response, next),
  );
  const shown = await (await Browser.at(app)).signIn("/", { change });
  if (met !== undefined) throw met;
  return JSON.parse(shown.text);
}

/** The library's own words: the code of an error is the OAuth error, its message the description. */
const described = (error) => ({
  kind: error.constructor.name,
  error: error.code,
  description: error.message,
});

await run(
  {
    sign_in: () => signIn(),
    wrong_secret: () => signIn(),
    denied: () => signIn(),
    claims: () => signIn({ claims: JSON.parse(CLAIMS) }),
    tampered_state: () => signIn({ change: (sent) => sent.set("state", "of-another") }),
  },
  described,
);
