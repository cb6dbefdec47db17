#include "listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static bool is_loopback(const union address *address)
{
	if (address->any.sa_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&address->v6.sin6_addr);
	return ntohl(address->v4.sin_addr.s_addr) >> 24 == 127;
}

static bool parse(const char *host, size_t port, union address *ret_address)
{
	union address address = {0};

	if (strcmp(host, "localhost") == 0)
		host = "127.0.0.1";
	if (inet_pton(AF_INET, host, &address.v4.sin_addr) == 1) {
		address.v4.sin_family = AF_INET;
		address.v4.sin_port = htons((uint16_t)port);
	} else if (inet_pton(AF_INET6, host, &address.v6.sin6_addr) == 1) {
		address.v6.sin6_family = AF_INET6;
		address.v6.sin6_port = htons((uint16_t)port);
	} else {
		return false;
	}
	*ret_address = address;
	return is_loopback(&address);
}

static bool bind_and_listen(int fd, union address *address)
{
	const int on = 1;
	socklen_t size =
		address->any.sa_family == AF_INET6 ? sizeof(address->v6) : sizeof(address->v4);

	return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
	       bind(fd, &address->any, size) == 0 && listen(fd, SOMAXCONN) == 0 &&
	       getsockname(fd, &address->any, &size) == 0;
}

int listen_on(const char *host, size_t port, size_t *ret_port, struct error *err)
{
	union address address;

	if (!parse(host, port, &address)) {
		error_set(err, "%s is not a loopback address", host);
		return -1;
	}
	int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || !bind_and_listen(fd, &address)) {
		if (errno == EADDRINUSE)
			error_set(err,
				"can't listen on %s port %zu: it is already in use. Pass another "
				"port, or --port 0 --port-file FILE to use a free one",
				host, port);
		else
			error_set_errno(err, errno, "can't listen on %s port %zu", host, port);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	bool is_v6 = address.any.sa_family == AF_INET6;
	*ret_port = ntohs(is_v6 ? address.v6.sin6_port : address.v4.sin_port);
	return fd;
}
