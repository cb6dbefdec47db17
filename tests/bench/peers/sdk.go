// Creates as many stores as the argument says, ten at a time.
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"
	"strconv"
	"sync"

	"github.com/cloudflare/cloudflare-go/v7"
	"github.com/cloudflare/cloudflare-go/v7/option"
	"github.com/cloudflare/cloudflare-go/v7/secrets_store"
)

func main() {
	count, err := strconv.Atoi(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	// By default all but two connections are closed after each request.
	client := cloudflare.NewClient(option.WithHTTPClient(&http.Client{
		Transport: &http.Transport{MaxIdleConnsPerHost: 10},
	}))
	account := cloudflare.F(os.Getenv("CLOUDFLARE_ACCOUNT_ID"))
	numbers := make(chan int)
	var workers sync.WaitGroup
	for range 10 {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for n := range numbers {
				_, err := client.SecretsStore.Stores.New(context.Background(),
					secrets_store.StoreNewParams{
						AccountID: account,
						Name:      cloudflare.F(fmt.Sprintf("store_%d", n)),
					})
				if err != nil {
					log.Fatal(err)
				}
			}
		}()
	}
	for n := 1; n <= count; n++ {
		numbers <- n
	}
	close(numbers)
	workers.Wait()
}
