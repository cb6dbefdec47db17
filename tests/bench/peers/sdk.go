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

	"github.com/cloudflare/cloudflare-go/v7/option"
	"github.com/cloudflare/cloudflare-go/v7/secrets_store"
)

// The service alone, without the client for all of them, which is larger and slower to start.
func service() *secrets_store.StoreService {
	return secrets_store.NewStoreService(
		option.WithBaseURL(os.Getenv("CLOUDFLARE_BASE_URL")),
		option.WithAPIToken(os.Getenv("CLOUDFLARE_API_TOKEN")),
		// By default all but two connections are closed after each request.
		option.WithHTTPClient(&http.Client{
			Transport: &http.Transport{MaxIdleConnsPerHost: 10},
		}))
}

func parameters(n int) (new secrets_store.StoreNewParams) {
	new.AccountID.Value, new.AccountID.Present = os.Getenv("CLOUDFLARE_ACCOUNT_ID"), true
	new.Name.Value, new.Name.Present = fmt.Sprintf("store_%d", n), true
	return new
}

func main() {
	count, err := strconv.Atoi(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	stores := service()
	numbers := make(chan int)
	var workers sync.WaitGroup
	for range 10 {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for n := range numbers {
				if _, err := stores.New(context.Background(), parameters(n)); err != nil {
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
