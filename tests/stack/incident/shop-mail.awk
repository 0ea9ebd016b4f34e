function t() { return strftime("%Y-%m-%d %H:%M:%S") }
BEGIN {
  for (i = 1; i <= 400; i++)
    print "{\"level\":\"info\",\"time\":\"" strftime("%Y-%m-%dT%H:%M:%SZ") "\",\"msg\":\"queue polled\",\"pending\":" i % 4 ",\"took_ms\":" 3 + i % 5 "}"
}
