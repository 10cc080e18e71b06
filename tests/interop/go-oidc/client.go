// A relying party made of coreos/go-oidc and golang.org/x/oauth2, which oauth2-proxy, kubelogin, Grafana and many more stand on.
// tests/interop/conversation.py says what goes in and out.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"reflect"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

type object = map[string]any

func setting(name string) string { return os.Getenv("INTEROP_" + name) }

var lines = bufio.NewReader(os.Stdin)

func say(message object) {
	if err := json.NewEncoder(os.Stdout).Encode(message); err != nil {
		panic(err)
	}
}

// visit sends the person to an address, and returns the parameters with which they came back.
func visit(address string) (url.Values, error) {
	say(object{"visit": address})
	line, err := lines.ReadBytes('\n')
	if err != nil {
		return nil, err
	}
	var answer struct{ URL string }
	if err := json.Unmarshal(line, &answer); err != nil {
		return nil, err
	}
	callback, err := url.Parse(answer.URL)
	if err != nil {
		return nil, err
	}
	return callback.Query(), nil
}

// AuthorizationError is what came back instead of a code; neither library reads it.
type AuthorizationError struct{ Code, Description string }

func (e *AuthorizationError) Error() string { return e.Code + ": " + e.Description }

type relyingParty struct {
	ctx      context.Context
	provider *oidc.Provider
	config   oauth2.Config
	verifier *oidc.IDTokenVerifier
}

// Without a style the library sends the secret in the header, and if that fails, again in the form.
var styles = map[string]oauth2.AuthStyle{
	"client_secret_basic": oauth2.AuthStyleInHeader,
	"client_secret_post":  oauth2.AuthStyleInParams,
	"none":                oauth2.AuthStyleInParams,
	"guess":               oauth2.AuthStyleAutoDetect,
}

func newRelyingParty() (*relyingParty, error) {
	ctx := context.Background()
	provider, err := oidc.NewProvider(ctx, setting("ISSUER"))
	if err != nil {
		return nil, err
	}
	endpoint := provider.Endpoint()
	endpoint.AuthStyle = styles[setting("AUTH_METHOD")]
	return &relyingParty{
		ctx:      ctx,
		provider: provider,
		config: oauth2.Config{
			ClientID:     setting("CLIENT_ID"),
			ClientSecret: setting("CLIENT_SECRET"),
			Endpoint:     endpoint,
			RedirectURL:  setting("REDIRECT_URI"),
			Scopes:       strings.Fields(setting("SCOPE")),
		},
		verifier: provider.Verifier(&oidc.Config{
			ClientID:             setting("CLIENT_ID"),
			SupportedSigningAlgs: []string{setting("ALGORITHM")},
		}),
	}, nil
}

// begin returns the code and what is needed to redeem it.
func (p *relyingParty) begin(more ...oauth2.AuthCodeOption) (code, verifier, nonce string, err error) {
	state, nonce, verifier := oauth2.GenerateVerifier(), oauth2.GenerateVerifier(), oauth2.GenerateVerifier()
	options := append(more, oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier))
	answer, err := visit(p.config.AuthCodeURL(state, options...))
	if err != nil {
		return "", "", "", err
	}
	if answer.Get("state") != state {
		return "", "", "", errors.New("another state")
	}
	if answer.Has("error") {
		return "", "", "", &AuthorizationError{answer.Get("error"), answer.Get("error_description")}
	}
	return answer.Get("code"), verifier, nonce, nil
}

func (p *relyingParty) signIn(more ...oauth2.AuthCodeOption) (*oauth2.Token, *oidc.IDToken, error) {
	code, verifier, nonce, err := p.begin(more...)
	if err != nil {
		return nil, nil, err
	}
	token, err := p.config.Exchange(p.ctx, code, oauth2.VerifierOption(verifier))
	if err != nil {
		return nil, nil, err
	}
	verified, err := p.verify(token)
	if err != nil {
		return nil, nil, err
	}
	if verified.Nonce != nonce {
		return nil, nil, errors.New("another nonce")
	}
	return token, verified, nil
}

func (p *relyingParty) verify(token *oauth2.Token) (*oidc.IDToken, error) {
	raw, _ := token.Extra("id_token").(string)
	verified, err := p.verifier.Verify(p.ctx, raw)
	if err != nil {
		return nil, err
	}
	return verified, verified.VerifyAccessToken(token.AccessToken)
}

func (p *relyingParty) userinfo(token *oauth2.Token) (object, error) {
	info, err := p.provider.UserInfo(p.ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return nil, err
	}
	if !info.EmailVerified {
		return nil, errors.New("email_verified is not true")
	}
	claims := object{}
	return claims, info.Claims(&claims)
}

// told is what the tests want to know of a token response and its userinfo.
func (p *relyingParty) told(token *oauth2.Token, verified *oidc.IDToken) (object, object, error) {
	claims := object{}
	if err := verified.Claims(&claims); err != nil {
		return nil, nil, err
	}
	userinfo, err := p.userinfo(token)
	return object{
		"token_type":    token.Type(),
		"expires_in":    token.ExpiresIn,
		"scope":         token.Extra("scope"),
		"algorithm":     setting("ALGORITHM"),
		"claims":        claims,
		"refresh_token": token.RefreshToken,
	}, userinfo, err
}

func signIn() (object, error) {
	party, err := newRelyingParty()
	if err != nil {
		return nil, err
	}
	token, verified, err := party.signIn()
	if err != nil {
		return nil, err
	}
	tokens, userinfo, err := party.told(token, verified)
	if err != nil {
		return nil, err
	}
	report := object{"issuer": verified.Issuer, "tokens": tokens, "userinfo": userinfo}
	refreshes := []object{}
	for range 2 {
		// A source that holds nothing but a refresh token has to use it.
		token, err = party.config.TokenSource(party.ctx, &oauth2.Token{RefreshToken: token.RefreshToken}).Token()
		if err != nil {
			return nil, err
		}
		if verified, err = party.verify(token); err != nil {
			return nil, err
		}
		refreshed, userinfo, err := party.told(token, verified)
		if err != nil {
			return nil, err
		}
		refreshed["userinfo"] = userinfo
		refreshes = append(refreshes, refreshed)
	}
	report["refreshes"] = refreshes
	return report, nil
}

func claims() (object, error) {
	party, err := newRelyingParty()
	if err != nil {
		return nil, err
	}
	asked := `{"id_token":{"email":{"essential":true}},"userinfo":{"name":null,"email":{"essential":true},"email_verified":null}}`
	token, verified, err := party.signIn(oauth2.SetAuthURLParam("claims", asked))
	if err != nil {
		return nil, err
	}
	tokens, userinfo, err := party.told(token, verified)
	return object{"tokens": tokens, "userinfo": userinfo}, err
}

func clientCredentials() (object, error) {
	party, err := newRelyingParty()
	if err != nil {
		return nil, err
	}
	config := clientcredentials.Config{
		ClientID:     party.config.ClientID,
		ClientSecret: party.config.ClientSecret,
		TokenURL:     party.config.Endpoint.TokenURL,
		AuthStyle:    party.config.Endpoint.AuthStyle,
	}
	token, err := config.Token(party.ctx)
	if err != nil {
		return nil, err
	}
	return object{"tokens": object{"token_type": token.Type(), "expires_in": token.ExpiresIn}}, nil
}

func promptNone() (object, error) {
	party, err := newRelyingParty()
	if err != nil {
		return nil, err
	}
	if _, _, err := party.signIn(); err != nil {
		return nil, err
	}
	_, verified, err := party.signIn(oauth2.SetAuthURLParam("prompt", "none"))
	if err != nil {
		return nil, err
	}
	return object{"issuer": verified.Issuer}, nil
}

func wrongVerifier() (object, error) {
	party, err := newRelyingParty()
	if err != nil {
		return nil, err
	}
	code, _, _, err := party.begin()
	if err != nil {
		return nil, err
	}
	_, err = party.config.Exchange(party.ctx, code, oauth2.VerifierOption(oauth2.GenerateVerifier()))
	return object{}, err
}

func onlySignIn() (object, error) {
	party, err := newRelyingParty()
	if err != nil {
		return nil, err
	}
	_, _, err = party.signIn()
	return object{}, err
}

func userinfoChallenge() (object, error) {
	party, err := newRelyingParty()
	if err != nil {
		return nil, err
	}
	return party.userinfo(&oauth2.Token{AccessToken: "not-a-token"})
}

func described(err error) object {
	failure := object{"kind": strings.TrimPrefix(reflect.TypeOf(err).String(), "*"), "message": err.Error()}
	if refused, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		failure["error"], failure["description"] = refused.ErrorCode, refused.ErrorDescription
		failure["status"] = refused.Response.StatusCode
	}
	if refused, ok := errors.AsType[*AuthorizationError](err); ok {
		failure["error"], failure["description"] = refused.Code, refused.Description
	}
	return failure
}

func main() {
	scenarios := map[string]func() (object, error){
		"sign_in":            signIn,
		"claims":             claims,
		"client_credentials": clientCredentials,
		"prompt_none":        promptNone,
		"wrong_verifier":     wrongVerifier,
		"wrong_secret":       onlySignIn,
		"denied":             onlySignIn,
		"userinfo_challenge": userinfoChallenge,
	}
	report, err := scenarios[setting("SCENARIO")]()
	if err != nil {
		report = object{"failure": described(err)}
	}
	say(object{"report": report})
}
