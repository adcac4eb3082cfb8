"""The way in for programs: what others tell us (`stripe_webhook`, `store_events`), and what they ask for (`events`).

Whatever is refused is answered by problem details (`problems`), which repeat nothing of what was sent.
"""
