function t() { return strftime("%Y-%m-%d %H:%M:%S") }
BEGIN {
  print t() ".101 UTC [1] LOG:  starting PostgreSQL 15.14 on x86_64-pc-linux-gnu"
  print t() ".130 UTC [1] LOG:  database system is ready to accept connections"
  for (i = 1; i <= 900; i++) {
    print t() "." 100 + i % 900 " UTC [" 200 + i "] LOG:  connection authorized: user=shop database=shop application_name=shop-app"
    if (i % 60 == 0) print t() ".512 UTC [27] LOG:  checkpoint complete: wrote " i * 3 " buffers (" i % 9 ".4%); 0 WAL file(s) added, 0 removed, 1 recycled; write=" i % 20 ".013 s, sync=0.002 s"
    if (i > 600) {
      print t() "." 100 + i % 900 " UTC [" 1200 + i "] FATAL:  sorry, too many clients already"
      if (i % 7 == 0) print t() "." 100 + i % 900 " UTC [" 1200 + i "] FATAL:  remaining connection slots are reserved for non-replication superuser connections"
    }
  }
}
