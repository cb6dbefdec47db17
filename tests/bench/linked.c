/* Links the libraries that cfprov links, and does nothing: the floor of a start. */
int main(void)
{
	return 0;
}
