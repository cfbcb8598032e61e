/**
 * The players of the original's game: each step is a line `ab -n 10 -H "Host: HOST" URL` of its
 * scripts `basic`, and of the odd and even rounds of `limit` and `infinite`.
 *
 * Another game needs no change here: these steps are played only if they fit its events.
 */
export const gameTraffic = {
  basic: [
    { host: "user1.comcast.com", path: "/" },
    { host: "user1.comcast.com", path: "/purchase_sword" },
    { host: "user2.att.com", path: "/" },
    { host: "user2.att.com", path: "/purchase_sword" },
    { host: "user1.att.com", path: "/join_a_guild" },
    { host: "user2.att.com", path: "/join_a_guild" },
  ],
  odd: [
    { host: "user1.att.com", path: "/purchase_sword?metal=gold&power_level=100&magical=False" },
    { host: "user2.comcast.com", path: "/join_a_guild?region=ny" },
  ],
  even: [
    { host: "user1.att.com", path: "/purchase_sword?metal=copper&power_level=50&magical=True" },
    { host: "user2.comcast.com", path: "/join_a_guild?region=cali" },
  ],
};
