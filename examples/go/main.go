// go run . payout <order_id> <amount> <number> <service>: orders a payout and waits for its end.
// go run . notification <public.pem> POST|GET < body or query: says whether a notification is genuine.
// Exit codes: 0 paid or genuine, 1 refused or not genuine, 3 not known yet, 4 failed or cancelled.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"time"
)

func main() {
	if len(os.Args) == 6 && os.Args[1] == "payout" {
		os.Exit(pay(os.Args[2], os.Args[3], os.Args[4], os.Args[5]))
	}
	if len(os.Args) == 4 && os.Args[1] == "notification" {
		os.Exit(judge(os.Args[2], os.Args[3]))
	}
	fmt.Fprintln(os.Stderr, "usage: payout <order_id> <amount> <number> <service>, or notification <public.pem> POST|GET")
	os.Exit(2)
}

func pay(orderID, amount, number, service string) int {
	vyplata, err := NewVyplata(os.Getenv("VYPLATA_URL"), os.Getenv("VYPLATA_ACCOUNT"), os.Getenv("VYPLATA_CERT_DIR"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	order := map[string]any{"order_id": orderID, "amount": amount, "number": number, "service": service}
	id, err := vyplata.CreatePayout(order)
	var final map[string]any
	if err == nil {
		final, err = vyplata.WaitUntilFinal(id, 10*time.Minute)
	}
	var refused PayoutRefused
	switch {
	case errors.As(err, &refused):
		text, _ := json.Marshal(map[string]any{"errors": refused.Errors})
		fmt.Println(string(text))
		return 1
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		return 3
	}
	text, _ := json.Marshal(final)
	fmt.Println(string(text))
	if final["payment_status"] != "paid" {
		return 4
	}
	return 0
}

func judge(publicFile, method string) int {
	publicPem, err := os.ReadFile(publicFile)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	input, _ := io.ReadAll(os.Stdin)
	values := map[string]any{}
	if method == "GET" {
		parsed, _ := url.ParseQuery(string(input))
		for name := range parsed {
			values[name] = parsed.Get(name)
		}
	} else {
		decoder := json.NewDecoder(bytes.NewReader(input))
		decoder.UseNumber()
		_ = decoder.Decode(&values)
	}
	if !IsGenuineNotification(values, method, publicPem) {
		fmt.Println("not genuine")
		return 1
	}
	fmt.Println("genuine", values["id"], values["payment_status"])
	return 0
}
