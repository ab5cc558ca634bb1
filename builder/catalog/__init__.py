"""What is known about distributions: generations (rows of differences), families (mirrors, keys) and releases."""
