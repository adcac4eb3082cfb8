"""The locks on every door. `register.py` lists each check with the tests that hold it; what no other test holds is
here, by group: access, requests, webhooks, browser, secrets, people."""
