import pytest

from warraq.transforms.clean.furniture import is_furniture


@pytest.mark.parametrize(
    "line",
    [
        "Read also: Prices fall in the old market",
        "ALSO READ – Prices fall in the old market",
        "Related: Five things to know about the harbour",
        "Related stories",
        "You may also like:",
        "Share this article",
        "Sign up for our daily newsletter",
        "Subscribe to our weekly briefing",
        "Follow us on Facebook and Twitter",
        "Join our WhatsApp channel",
        "Download our free news app",
        "Click here to subscribe",
        "Keywords: harbour, fish, market",
        "Tags: harbour, fish",
        "Filed under: Economy",
        "Your email address will not be published.",
        "We use cookies to make this site better",
        "© 2024 Harbour Media. All rights reserved.",
        "Advertisement",
        "4 min read",
        "12 Comments",
        "Lire aussi : Les prix baissent au vieux marché",
        "À lire également",
        "A lire aussi Les prix baissent au vieux marché",
        "Sur le même sujet",
        "Abonnez-vous à notre newsletter",
        "Suivez-nous sur WhatsApp",
        "Rejoignez notre chaîne WhatsApp",
        "Téléchargez notre application mobile",
        "Téléchargez l’application du Port",
        "Mots-clés : port, poisson, marché",
        "Votre adresse e-mail ne sera pas publiée.",
        "Tous droits réservés",
        "Laisser un commentaire",
        "Partager sur Facebook",
        "Publicité",
        "Il vous reste 57,09 % de cet article à lire. La suite est réservée aux abonnés.",
        "Photo: AFP",
        "Crédit photo : Marie Port / AFP",
        "Article content",
        "3 min de lecture",
        "Recevez chaque matin notre newsletter par e-mail",
    ],
)
def test_english_and_french_furniture_is_known(line):
    assert is_furniture(line)


@pytest.mark.parametrize(
    "line",
    [
        "Read the report and see what it says about the harbour.",
        "Related costs rose by a third in two years",
        "Share prices fell in the afternoon",
        "Follow us into the old town, the guide says",
        "Comments by the minister drew criticism",
        "Subscribe to none of these theories before you have read the book",
        "Keywords matter less than they did",
        "Lire aussi bien que les adultes, tel est le but",
        "Suivez le guide",
        "Recevez nos amis comme il faut",
        "Publicité : le marché recule de trois pour cent",
        "Google",
        "iPhone 15 Pro Max",
        "Photo: the exhibition shows eighty prints of the old harbour, most of them never seen before.",
    ],
)
def test_english_and_french_prose_stays(line):
    assert not is_furniture(line)
