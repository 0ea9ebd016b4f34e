function t() { return strftime("%Y-%m-%d %H:%M:%S") }
BEGIN {
  print t() ",004 INFO shop.main: connecting to postgresql://shop:hunter2-s3cret@shop-db:5432/shop"
  for (i = 1; i <= 1500; i++) {
    print t() "," 100 + i % 900 " INFO shop.web: GET /cart/" i * 7 % 4000 " 200 in " 8 + i % 40 " ms user=" i * 13 % 900
    if (i % 120 == 0) print t() "," 100 + i % 900 " INFO shop.mail: receipt sent to customer" i "@example.com"
    if (i > 1300) {
      print t() "," 100 + i % 900 " WARNING shop.db: connection attempt " i % 5 + 1 " of 5 failed, retrying in " 1 + i % 5 * 3 " s"
      if (i % 5 == 0) {
        print t() "," 100 + i % 900 " ERROR shop.web: POST /checkout failed for order " 70000 + i
        print "Traceback (most recent call last):"
        print "  File \"/app/shop/web.py\", line 214, in checkout"
        print "    with pool.connection() as connection:"
        print "  File \"/app/shop/db.py\", line 57, in connection"
        print "    raise PoolTimeout(f\"no connection after {waited:.1f} s\") from error"
        print "shop.db.PoolTimeout: no connection after 31." i % 10 " s"
      }
    }
  }
}
