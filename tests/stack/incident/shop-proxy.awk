function t() { return strftime("%Y-%m-%d %H:%M:%S") }
BEGIN {
  for (i = 1; i <= 1800; i++) {
    ip = "203.0.113." i % 250
    bad = i > 1500 && i % 2 == 0
    print ip " - - [" strftime("%d/%b/%Y:%H:%M:%S +0000") "] \"" (bad ? "POST /checkout" : "GET /cart/" i * 7 % 4000) " HTTP/1.1\" " (bad ? 502 " 157" : 200 " " 900 + i % 700) " \"-\" \"Mozilla/5.0\""
    if (bad) print strftime("%Y/%m/%d %H:%M:%S") " [error] 29#29: *" 5000 + i " upstream prematurely closed connection while reading response header from upstream, client: " ip ", server: shop.example.com, request: \"POST /checkout HTTP/1.1\", upstream: \"http://172.18.0.4:8000/checkout\"" > "/dev/stderr"
  }
}
