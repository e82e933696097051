// Needs Go 1.19 and nothing else. Signs, sends, repeats safely, verifies notifications.
package main

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	mathrand "math/rand"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

// PayoutRefused: nothing was created, for certain. Errors says why, per field.
type PayoutRefused struct{ Errors map[string][]string }

func (refused PayoutRefused) Error() string { return fmt.Sprint(refused.Errors) }

// PayoutUnknown: it is not known whether the payout exists. Ask the status later, never pay in another way meanwhile.
type PayoutUnknown struct{ Text string }

func (unknown PayoutUnknown) Error() string { return unknown.Text }

type Vyplata struct {
	url, account string
	key          *rsa.PrivateKey
	client       *http.Client
}

type answer struct {
	status  int
	created string
	json    map[string]any
	errors  map[string][]string
}

func NewVyplata(url, account, certDir string) (*Vyplata, error) {
	password, err := os.ReadFile(filepath.Join(certDir, "password.txt"))
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(certDir, "private.pem"))
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("private.pem is no PEM file")
	}
	//lint:ignore SA1019 the archive holds the traditional encryption, which the published samples read
	der, err := x509.DecryptPEMBlock(block, bytes.TrimRight(password, "\r\n"))
	if err != nil {
		return nil, fmt.Errorf("password.txt and private.pem must be of one archive: %w", err)
	}
	key, err := x509.ParsePKCS1PrivateKey(der)
	if err != nil {
		return nil, err
	}
	client := &http.Client{
		Timeout:       30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return &Vyplata{url, account, key, client}, nil
}

// [create]

// CreatePayout orders a payout. The same bytes go out on every try, so it pays at most once.
func (vyplata *Vyplata) CreatePayout(order map[string]any) (int64, error) {
	body, err := json.Marshal(order)
	if err != nil {
		return 0, err
	}
	everyTrySaidNo := true
	var last *answer
	for try := 0; try < 4; try++ {
		last = vyplata.send("/v1/payout", body)
		if last.isGood() {
			return last.id()
		}
		if last != nil && last.created == "yes" && last.errors["order_id"] != nil {
			return 0, PayoutRefused{last.errors} // another order has this order_id
		}
		everyTrySaidNo = everyTrySaidNo && last.saysNo(try == 0)
		if mayPass := last == nil || last.status == 429 || last.status >= 500; !mayPass || try == 3 {
			break
		}
		time.Sleep(time.Duration(250+mathrand.Intn(250)) * time.Millisecond << try)
	}
	if everyTrySaidNo {
		return 0, PayoutRefused{last.errors}
	}
	if found := vyplata.Status(map[string]any{"order_id": order["order_id"]}); found != nil {
		return (&answer{json: found}).id()
	}
	return 0, PayoutUnknown{fmt.Sprintf("Ask the status of order %v later.", order["order_id"])}
}

// [/create]

// Status is the documented answer, or nil when there is none.
func (vyplata *Vyplata) Status(ref map[string]any) map[string]any {
	body, err := json.Marshal(ref)
	if err != nil {
		return nil
	}
	if found := vyplata.send("/v1/payout/status", body); found.isGood() {
		return found.json
	}
	return nil
}

func (vyplata *Vyplata) WaitUntilFinal(id int64, longest time.Duration) (map[string]any, error) {
	for until := time.Now().Add(longest); time.Now().Before(until); time.Sleep(time.Second) {
		status := vyplata.Status(map[string]any{"id": id})
		switch status["payment_status"] {
		case "paid", "fail", "cancel":
			return status, nil
		}
	}
	return nil, PayoutUnknown{"Not final yet. It goes on by itself."}
}

// [send]

// send makes one signed request; nil when no answer came. Go verifies TLS certificates unless told otherwise.
func (vyplata *Vyplata) send(path string, body []byte) *answer {
	hash := sha1.Sum(body)
	signature, err := rsa.SignPKCS1v15(rand.Reader, vyplata.key, crypto.SHA1, hash[:])
	if err != nil {
		return nil
	}
	request, err := http.NewRequest("POST", vyplata.url+path, bytes.NewReader(body))
	if err != nil {
		return nil
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Account", vyplata.account)
	request.Header.Set("Sign", base64.StdEncoding.EncodeToString(signature))
	response, err := vyplata.client.Do(request)
	if err != nil {
		return nil
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return nil
	}
	received := &answer{status: response.StatusCode, created: response.Header.Get("Payout-Created")}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber() // an id as a float would lose digits
	_ = decoder.Decode(&received.json)
	var refusal struct{ Errors map[string][]string }
	_ = json.Unmarshal(text, &refusal)
	received.errors = refusal.Errors
	return received
}

// [/send]

func (received *answer) isGood() bool {
	return received != nil && received.status == 200 && received.json["errors"] == nil
}

// saysNo: a service without the header refuses with a 400 to a first try, unless the order_id is taken.
func (received *answer) saysNo(isFirstTry bool) bool {
	if received == nil || received.created != "" {
		return received != nil && received.created == "no"
	}
	return isFirstTry && received.status == 400 && len(received.errors) > 0 && received.errors["order_id"] == nil
}

func (received *answer) id() (int64, error) {
	number, ok := received.json["id"].(json.Number)
	if !ok {
		return 0, PayoutUnknown{"The answer has no id."}
	}
	return number.Int64()
}

// [verify]
var fields = strings.Fields("type id order_id payment_status amount payment_amount commission_amount " +
	"is_partial_payment account service desc")

// IsGenuineNotification says whether a notification is real. Decode a POST body with UseNumber; a GET has texts only.
func IsGenuineNotification(values map[string]any, method string, publicPem []byte) bool {
	members := make([]string, 0, len(fields))
	for _, field := range fields {
		var written string
		switch value := values[field].(type) {
		case json.Number:
			written = value.String()
		case bool:
			written = strconv.FormatBool(value)
		case string:
			written = quotePhp(value)
			if id, err := strconv.ParseInt(value, 10, 64); err == nil && field == "id" && method == "GET" {
				written = strconv.FormatInt(id, 10)
			}
		default:
			return false
		}
		members = append(members, quotePhp(field)+":"+written)
	}
	text := "{" + strings.Join(members, ",") + "}"
	sign, _ := values["sign"].(string)
	signature, err := base64.StdEncoding.DecodeString(sign)
	block, _ := pem.Decode(publicPem)
	if err != nil || block == nil {
		return false
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	key, isRsa := parsed.(*rsa.PublicKey)
	if err != nil || !isRsa {
		return false
	}
	hash := sha1.Sum([]byte(text))
	return rsa.VerifyPKCS1v15(key, crypto.SHA1, hash[:], signature) == nil
}

// quotePhp writes a text as json_encode of PHP does: a slash is \/, and what is not ASCII is \uXXXX.
func quotePhp(text string) string {
	var out strings.Builder
	for _, unit := range utf16.Encode([]rune(text)) {
		short := strings.IndexByte("\"\\/\b\f\n\r\t", byte(unit))
		switch {
		case unit < 0x80 && short >= 0:
			out.WriteString(`\` + string(`"\/bfnrt`[short]))
		case unit < 0x20 || unit >= 0x80:
			fmt.Fprintf(&out, `\u%04x`, unit)
		default:
			out.WriteByte(byte(unit))
		}
	}
	return `"` + out.String() + `"`
}

// [/verify]
