// daybook
